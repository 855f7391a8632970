import{a as e,h as t,i as n,m as r,t as i}from"./format-B1OO-XtF.js";import{o as a,r as o}from"./viewer-B9nrfY2N.js";import{t as s}from"./url-DJJ9x0Zw.js";import{d as c,g as l,m as u,o as d,p as f,s as p,y as m}from"./index-CmT5V6Qf.js";import{S as h,T as g,_,b as v,c as y,i as b,l as x,m as S,p as C,s as w,t as T,w as E}from"./parts-tJa0kMNJ.js";import{n as D,o as O,t as k}from"./react-DgRzD9U8.js";import{i as A,t as j}from"./gql-DU--stH6.js";import{r as M}from"./toasts-1zWCe_Gp.js";import{t as N}from"./pages-BfzsN6zb.js";var P=O(k(),1),F=j(`
  query Users($first: Int!, $after: String, $search: String, $active: Boolean) {
    users(first: $first, after: $after, search: $search, active: $active) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        id
        name
        email
        role
        active
        subject
      }
    }
  }
`),I=j(`
  query ApiKeys {
    apiKeys {
      id
      name
      hint
      scope
      networks
      createdAt
      expiresAt
      revokedAt
      rotatedAt
      oldWorksUntil
      lastUsedAt
      createdBy {
        id
        name
      }
    }
  }
`),L=j(`
  mutation CreateUser($input: CreateUserInput!) {
    createUser(input: $input) {
      user {
        id
        name
        email
        role
        active
      }
      errors {
        ...Wrong
      }
    }
  }
`),R=j(`
  mutation UpdateUser($input: UpdateUserInput!) {
    updateUser(input: $input) {
      user {
        id
        name
        email
        role
        active
      }
      segmentsHandedOver
      playbooksHandedOver
      errors {
        ...Wrong
      }
    }
  }
`),z=j(`
  mutation CreateApiKey($input: CreateApiKeyInput!) {
    createApiKey(input: $input) {
      apiKey {
        id
        name
      }
      secret
      errors {
        ...Wrong
      }
    }
  }
`),B=j(`
  mutation UpdateApiKey($input: UpdateApiKeyInput!) {
    updateApiKey(input: $input) {
      apiKey {
        id
        name
        expiresAt
        networks
      }
      errors {
        ...Wrong
      }
    }
  }
`),V=j(`
  mutation RotateApiKey($input: RotateApiKeyInput!) {
    rotateApiKey(input: $input) {
      apiKey {
        id
        hint
        rotatedAt
        oldWorksUntil
      }
      secret
      errors {
        ...Wrong
      }
    }
  }
`),H=j(`
  mutation RevokeApiKey($input: ApiKeyIdInput!) {
    revokeApiKey(input: $input) {
      apiKey {
        id
        revokedAt
      }
      errors {
        ...Wrong
      }
    }
  }
`),U=D(),W=[`READ`,`READ_WITHOUT_PERSONAL_DATA`,`WRITE`,`INGEST`,`PROVISIONING`,`ADMIN`];function G(){let{_:a}=t(),[{data:o,error:s,fetching:l},u]=A({query:I}),d=()=>u({requestPolicy:`network-only`}),{act:f,problems:h}=m(),[_,v]=(0,P.useState)(null),[S,D]=(0,P.useState)(null),[O,k]=(0,P.useState)(`P1D`),[j,N]=(0,P.useState)(!1),F=(o?.apiKeys??[]).filter(e=>j||!e.revokedAt),L=()=>v(null);return(0,U.jsxs)(U.Fragment,{children:[(0,U.jsxs)(`div`,{className:`row`,children:[(0,U.jsxs)(`label`,{className:`check small grow`,children:[(0,U.jsx)(`input`,{type:`checkbox`,checked:j,onChange:e=>N(e.target.checked)}),(0,U.jsx)(r,{id:`VqskiH`})]}),(0,U.jsxs)(`button`,{type:`button`,className:`button primary`,onClick:()=>v({what:`new`}),children:[(0,U.jsx)(g,{name:`plus`}),(0,U.jsx)(r,{id:`o8MyXb`})]})]}),s&&(0,U.jsx)(x,{error:s,again:d}),(0,U.jsxs)(b,{bare:!0,children:[!o&&l&&(0,U.jsx)(`div`,{className:`body`,children:(0,U.jsx)(C,{})}),o&&F.length===0&&(0,U.jsx)(y,{title:(0,U.jsx)(r,{id:`kaoBu6`}),children:(0,U.jsx)(`p`,{children:(0,U.jsx)(r,{id:`winO9r`})})}),(0,U.jsx)(`ul`,{className:`plain-list`,children:F.map(t=>(0,U.jsxs)(`li`,{children:[(0,U.jsxs)(`div`,{className:`grow`,children:[(0,U.jsx)(`strong`,{children:t.name}),` `,(0,U.jsxs)(`code`,{className:`muted`,children:[t.hint,`…`]}),(0,U.jsxs)(`p`,{className:`muted small`,children:[t.lastUsedAt?(0,U.jsx)(r,{id:`ylo1I0`,values:{0:i(t.lastUsedAt)}}):(0,U.jsx)(r,{id:`dJ+Ni8`}),` · `,(0,U.jsx)(r,{id:`0L2Xyz`,values:{0:n(t.createdAt)}}),t.createdBy&&`, ${t.createdBy.name}`,t.networks&&` · ${t.networks.join(`, `)}`]})]}),t.oldWorksUntil&&new Date(t.oldWorksUntil)>new Date&&(0,U.jsx)(`span`,{className:`badge warn`,children:(0,U.jsx)(r,{id:`naLPet`,values:{0:e(t.oldWorksUntil)}})}),t.revokedAt?(0,U.jsx)(`span`,{className:`badge bad`,children:(0,U.jsx)(r,{id:`PYNb3u`,values:{0:n(t.revokedAt)}})}):t.expiresAt&&(0,U.jsx)(`span`,{className:new Date(t.expiresAt)<new Date?`badge bad`:`badge`,children:(0,U.jsx)(r,{id:`kctrAT`,values:{0:i(t.expiresAt)}})}),(0,U.jsx)(`span`,{className:`badge accent`,children:E(t.scope)}),!t.revokedAt&&(0,U.jsx)(T,{label:a({id:`RlLl3G`,values:{0:t.name}}),actions:[{key:`edit`,label:a({id:`G+J2L3`}),run:()=>v({what:`edit`,key:t})},{key:`rotate`,label:a({id:`fXWMLi`}),run:()=>v({what:`rotate`,key:t})},{key:`revoke`,label:a({id:`GXsAby`}),danger:!0,run:()=>v({what:`revoke`,key:t})}]})]},t.id))})]}),(_?.what===`new`||_?.what===`edit`)&&(0,U.jsx)(K,{..._.key&&{of:_.key},onClose:L,onDone:e=>{D(e),d()}}),_?.what===`rotate`&&_.key&&(0,U.jsx)(w,{title:a({id:`4ihsEa`,values:{0:_.key.name}}),action:(0,U.jsx)(r,{id:`fXWMLi`}),problems:h,onClose:L,onConfirm:async()=>{let e=await f(V,{input:{id:_.key?.id??``,oldWorksFor:O}});return e?.secret&&D({text:e.secret,name:_.key?.name??``}),d(),!!e},children:(0,U.jsx)(p,{label:a({id:`7gu8qO`}),value:O,options:[[`PT0S`,a({id:`Ssa564`})],[`PT1H`,a({id:`3sTVOv`})],[`P1D`,a({id:`/5A5+3`})],[`P7D`,a({id:`d+1gqd`})]],onChange:k})}),_?.what===`revoke`&&_.key&&(0,U.jsx)(w,{title:a({id:`a1EvGV`,values:{0:_.key.name}}),action:(0,U.jsx)(r,{id:`GXsAby`}),danger:!0,problems:h,onClose:L,onConfirm:async()=>{let e=await f(H,{input:{id:_.key?.id??``}});return e&&M(a({id:`xGiT1z`})),d(),!!e},children:(0,U.jsx)(`p`,{children:_.key.lastUsedAt?(0,U.jsx)(r,{id:`9ZCmuK`,values:{0:i(_.key.lastUsedAt)}}):(0,U.jsx)(r,{id:`7rkClh`})})}),S&&(0,U.jsx)(c,{title:a({id:`7z7Yi5`,values:{0:S.name}}),secret:S.text,onClose:()=>D(null)})]})}function K({of:e,onClose:n,onDone:i}){let{_:a}=t(),{act:o,busy:s,problems:c}=m(),[l,g]=(0,P.useState)(e?.name??``),[_,v]=(0,P.useState)(`READ`),[y,b]=(0,P.useState)(e?.expiresAt?.slice(0,10)??``),[x,S]=(0,P.useState)(e?.networks?.join(`, `)??``);async function C(){let t=x.split(`,`).map(e=>e.trim()).filter(Boolean),r={name:l.trim(),networks:t.length?t:null,expiresAt:y?e?.expiresAt?.startsWith(y)?e.expiresAt:`${y}T23:59:59Z`:null};if(e)return await o(B,{input:{id:e.id,...r}})?(n(),i(null)):void 0;let a=await o(z,{input:{scope:_,...r}});a&&(n(),i(a.secret?{text:a.secret,name:r.name}:null))}return(0,U.jsxs)(d,{title:e?e.name:(0,U.jsx)(r,{id:`o8MyXb`}),action:(0,U.jsx)(r,{id:`tfDRzk`}),busy:s,problems:u(c,`name`,`expiresAt`,`networks`),onSubmit:()=>void C(),onClose:n,children:[(0,U.jsx)(f,{label:a({id:`6YtxFj`}),value:l,onChange:g,problems:c,name:`name`,hint:a({id:`S7C38G`}),autoFocus:!0}),!e&&(0,U.jsx)(p,{label:a({id:`aBgwis`}),value:_,options:W.map(e=>[e,E(e)]),onChange:v,wrong:h(c,`scope`)}),(0,U.jsx)(f,{label:a({id:`C32k6H`}),type:`date`,value:y,onChange:b,problems:c,name:`expiresAt`,hint:a({id:`lhjibI`})}),(0,U.jsx)(f,{label:a({id:`oUXWlr`}),value:x,onChange:S,problems:c,name:`networks`,hint:a({id:`2+xXnL`})})]})}var q=[`TEAM_MEMBER`,`LEADER`,`ADMIN`];function J(){let{_:e}=t(),n=a(),[i,,o]=s(),c=N(F,{first:50,search:i(`search`)||null,active:!i(`all`)||null},e=>e.users,{refreshedBy:[`USER_CHANGED`]}),[l,u]=(0,P.useState)(null),{act:d,problems:f}=m(),p=()=>u(null);async function h(t){await d(R,{input:{id:t.id,active:!0}})&&M(e({id:`zw1FEi`,values:{0:t.name}})),c.again()}return(0,U.jsxs)(U.Fragment,{children:[(0,U.jsxs)(`div`,{className:`row`,children:[(0,U.jsx)(_,{label:e({id:`vY0WLo`}),value:i(`search`),onChange:e=>o({search:e})}),(0,U.jsxs)(`label`,{className:`check small`,children:[(0,U.jsx)(`input`,{type:`checkbox`,checked:!!i(`all`),onChange:e=>o({all:e.target.checked?`yes`:``})}),(0,U.jsx)(r,{id:`+D0eR2`})]}),(0,U.jsx)(`span`,{className:`grow muted small`,role:`status`,children:c.totalCount!=null&&(0,U.jsx)(r,{id:`V4WrGy`,values:{0:c.totalCount}})}),(0,U.jsxs)(`button`,{type:`button`,className:`button primary`,onClick:()=>u({what:`invite`}),children:[(0,U.jsx)(g,{name:`plus`}),(0,U.jsx)(r,{id:`T+FOR5`})]})]}),c.error&&(0,U.jsx)(x,{error:c.error,again:c.again}),(0,U.jsxs)(b,{bare:!0,children:[c.rows.length===0&&(c.isFetching?(0,U.jsx)(`div`,{className:`body`,children:(0,U.jsx)(C,{})}):(0,U.jsx)(`p`,{className:`body muted`,children:(0,U.jsx)(r,{id:`vcdLeZ`})})),(0,U.jsx)(`ul`,{className:`plain-list`,children:c.rows.map(t=>(0,U.jsxs)(`li`,{children:[(0,U.jsxs)(`div`,{className:`grow`,children:[(0,U.jsx)(`strong`,{children:t.name}),t.id===n.user?.id&&(0,U.jsxs)(`span`,{className:`muted small`,children:[` `,(0,U.jsx)(r,{id:`4Q6lF1`})]}),(0,U.jsx)(`p`,{className:`muted small`,children:t.email})]}),!t.subject&&(0,U.jsx)(`span`,{className:`badge warn`,children:(0,U.jsx)(r,{id:`1We2c+`})}),!t.active&&(0,U.jsx)(`span`,{className:`badge bad`,children:(0,U.jsx)(r,{id:`wXj6/p`})}),(0,U.jsx)(`span`,{className:`badge accent`,children:E(t.role)}),(0,U.jsx)(T,{label:e({id:`RlLl3G`,values:{0:t.name}}),actions:[{key:`edit`,label:e({id:`q1gMAW`}),run:()=>u({what:`edit`,user:t})},{key:`out`,label:e({id:`U+Xizs`}),run:()=>u({what:`out`,user:t})},t.active?{key:`off`,label:e({id:`KT4+UM`}),danger:!0,run:()=>u({what:`off`,user:t})}:{key:`on`,label:e({id:`3WEK6f`}),run:()=>void h(t)}]})]},t.id))}),c.hasMore&&(0,U.jsx)(`div`,{className:`body`,children:(0,U.jsx)(`button`,{type:`button`,className:`button small`,onClick:c.more,children:(0,U.jsx)(r,{id:`fMPkxb`})})})]}),l?.what===`invite`&&(0,U.jsx)(Y,{onClose:p,onDone:c.again}),l?.what===`edit`&&l.user&&(0,U.jsx)(X,{user:l.user,onClose:p,onDone:c.again}),l?.what===`off`&&l.user&&(0,U.jsx)(Z,{user:l.user,others:c.rows.filter(e=>e.active&&e.id!==l.user?.id),onClose:p,onDone:c.again}),l?.what===`out`&&l.user&&(0,U.jsx)(w,{title:e({id:`tN8SkA`,values:{0:l.user.name}}),action:(0,U.jsx)(r,{id:`fcWrnU`}),problems:f,onClose:p,onConfirm:async()=>!!await d(R,{input:{id:l.user?.id??``,signOut:!0}}),children:(0,U.jsx)(`p`,{children:(0,U.jsx)(r,{id:`L9s9L+`})})})]})}function Y({onClose:e,onDone:n}){let{_:i}=t(),{act:a,busy:o,problems:s}=m(),[c,l]=(0,P.useState)(``),[h,g]=(0,P.useState)(``),[_,v]=(0,P.useState)(``),[y,b]=(0,P.useState)(`TEAM_MEMBER`);async function x(){let t={role:y,email:c.trim()||null,name:h.trim()||null,subject:_.trim()||null};await a(L,{input:t})&&(M(i({id:`Dn4OyV`})),n(),e())}return(0,U.jsxs)(d,{title:(0,U.jsx)(r,{id:`T+FOR5`}),action:(0,U.jsx)(r,{id:`MFKlMB`}),busy:o,problems:u(s,`email`,`name`,`subject`),onSubmit:()=>void x(),onClose:e,children:[(0,U.jsx)(f,{label:i({id:`O3oNi5`}),type:`email`,value:c,onChange:l,problems:s,name:`email`,hint:i({id:`69Khep`}),autoFocus:!0}),(0,U.jsx)(f,{label:i({id:`6YtxFj`}),value:h,onChange:g,problems:s,name:`name`}),(0,U.jsx)(f,{label:i({id:`UJmAAK`}),value:_,onChange:v,problems:s,name:`subject`,hint:i({id:`qjmbNY`})}),(0,U.jsx)(p,{label:i({id:`GDvlUT`}),value:y,options:q.map(e=>[e,E(e)]),onChange:b})]})}function X({user:e,onClose:n,onDone:i}){let{_:a}=t(),{act:o,busy:s,problems:c}=m(),[l,h]=(0,P.useState)(e.name),[g,_]=(0,P.useState)(e.role);async function v(){await o(R,{input:{id:e.id,...l!==e.name&&{name:l},...g!==e.role&&{role:g}}})&&(M(a({id:`idD8Ev`})),i(),n())}return(0,U.jsxs)(d,{title:e.name,action:(0,U.jsx)(r,{id:`tfDRzk`}),busy:s,problems:u(c,`name`),onSubmit:()=>void v(),onClose:n,children:[(0,U.jsx)(f,{label:a({id:`6YtxFj`}),value:l,onChange:h,problems:c,name:`name`,autoFocus:!0}),(0,U.jsx)(p,{label:a({id:`GDvlUT`}),value:g,options:q.map(e=>[e,E(e)]),onChange:_})]})}function Z({user:e,others:n,onClose:i,onDone:a}){let{_:o}=t(),{act:s,busy:c,problems:l}=m(),[u,f]=(0,P.useState)(``);async function h(){let t=await s(R,{input:{id:e.id,active:!1,...u&&{handOverPrivateTo:u}}});t&&(M(o({id:`jasHUB`,values:{0:t.segmentsHandedOver,1:t.playbooksHandedOver}})),a(),i())}return(0,U.jsxs)(d,{title:o({id:`cw3/fQ`,values:{0:e.name}}),action:(0,U.jsx)(r,{id:`5y3O+A`}),busy:c,problems:l,onSubmit:()=>void h(),onClose:i,children:[(0,U.jsx)(`p`,{children:(0,U.jsx)(r,{id:`YFpx8V`})}),(0,U.jsx)(p,{label:o({id:`gYKgJj`}),value:u,options:[[``,o({id:`Fczv/u`})],...n.map(e=>[e.id,e.name])],onChange:f})]})}function Q(){let{_:e}=t(),n=a(),[i]=s(),c=i(`tab`)===`keys`?`keys`:`users`;return l(e({id:`W2mpdH`})),o(n)?(0,U.jsxs)(U.Fragment,{children:[(0,U.jsx)(S,{title:(0,U.jsx)(r,{id:`W2mpdH`})}),(0,U.jsx)(v,{label:e({id:`W2mpdH`}),tabs:[{key:`users`,href:`/access`,text:e({id:`Sxm8rQ`}),current:c===`users`},{key:`keys`,href:`/access?tab=keys`,text:e({id:`5h8ooz`}),current:c===`keys`}]}),c===`users`?(0,U.jsx)(J,{}):(0,U.jsx)(G,{})]}):(0,U.jsx)(y,{title:(0,U.jsx)(r,{id:`6wSrZh`}),children:(0,U.jsx)(`p`,{children:(0,U.jsx)(r,{id:`tTtRc6`})})})}export{Q as default};