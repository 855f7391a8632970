import{a as e,h as t,i as n,m as r,t as i}from"./format-B-3hrhDS.js";import{o as a,r as o}from"./viewer-D4x_pclA.js";import{t as s}from"./url-mtI_wMPf.js";import{c,d as l,l as u,n as d,o as f,t as p}from"./editing-Bf7OLMNt.js";import{S as m,T as h,_ as g,b as _,c as v,i as y,l as b,m as x,p as S,s as C,t as w,w as T}from"./parts-CrcGomB7.js";import{n as E,o as D,t as O}from"./react-DgRzD9U8.js";import{i as k,t as A}from"./gql-h6yu-1fa.js";import{t as j}from"./acts-CTvrMCxA.js";import{r as M}from"./toasts-CFiwKVg3.js";import{t as N}from"./pages-CX7xCkhq.js";var P=D(O(),1),F=A(`
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
`),I=A(`
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
`),L=A(`
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
`),R=A(`
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
`),z=A(`
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
`),B=A(`
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
`),V=A(`
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
`),H=A(`
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
`),U=E(),W=[`READ`,`READ_WITHOUT_PERSONAL_DATA`,`WRITE`,`INGEST`,`PROVISIONING`,`ADMIN`];function G(){let{_:a}=t(),[{data:o,error:s,fetching:c},l]=k({query:I}),u=()=>l({requestPolicy:`network-only`}),{act:p,problems:m}=j(),[g,_]=(0,P.useState)(null),[x,E]=(0,P.useState)(null),[D,O]=(0,P.useState)(`P1D`),[A,N]=(0,P.useState)(!1),F=(o?.apiKeys??[]).filter(e=>A||!e.revokedAt),L=()=>_(null);return(0,U.jsxs)(U.Fragment,{children:[(0,U.jsxs)(`div`,{className:`row`,children:[(0,U.jsxs)(`label`,{className:`check small grow`,children:[(0,U.jsx)(`input`,{type:`checkbox`,checked:A,onChange:e=>N(e.target.checked)}),(0,U.jsx)(r,{id:`VqskiH`})]}),(0,U.jsxs)(`button`,{type:`button`,className:`button primary`,onClick:()=>_({what:`new`}),children:[(0,U.jsx)(h,{name:`plus`}),(0,U.jsx)(r,{id:`o8MyXb`})]})]}),s&&(0,U.jsx)(b,{error:s,again:u}),(0,U.jsxs)(y,{bare:!0,children:[!o&&c&&(0,U.jsx)(`div`,{className:`body`,children:(0,U.jsx)(S,{})}),o&&F.length===0&&(0,U.jsx)(v,{title:(0,U.jsx)(r,{id:`kaoBu6`}),children:(0,U.jsx)(`p`,{children:(0,U.jsx)(r,{id:`winO9r`})})}),(0,U.jsx)(`ul`,{className:`plain-list`,children:F.map(t=>(0,U.jsxs)(`li`,{children:[(0,U.jsxs)(`div`,{className:`grow`,children:[(0,U.jsx)(`strong`,{children:t.name}),` `,(0,U.jsxs)(`code`,{className:`muted`,children:[t.hint,`…`]}),(0,U.jsxs)(`p`,{className:`muted small`,children:[t.lastUsedAt?(0,U.jsx)(r,{id:`ylo1I0`,values:{0:i(t.lastUsedAt)}}):(0,U.jsx)(r,{id:`dJ+Ni8`}),` · `,(0,U.jsx)(r,{id:`0L2Xyz`,values:{0:n(t.createdAt)}}),t.createdBy&&`, ${t.createdBy.name}`,t.networks&&` · ${t.networks.join(`, `)}`]})]}),t.oldWorksUntil&&new Date(t.oldWorksUntil)>new Date&&(0,U.jsx)(`span`,{className:`badge warn`,children:(0,U.jsx)(r,{id:`naLPet`,values:{0:e(t.oldWorksUntil)}})}),t.revokedAt?(0,U.jsx)(`span`,{className:`badge bad`,children:(0,U.jsx)(r,{id:`PYNb3u`,values:{0:n(t.revokedAt)}})}):t.expiresAt&&(0,U.jsx)(`span`,{className:new Date(t.expiresAt)<new Date?`badge bad`:`badge`,children:(0,U.jsx)(r,{id:`kctrAT`,values:{0:i(t.expiresAt)}})}),(0,U.jsx)(`span`,{className:`badge accent`,children:T(t.scope)}),!t.revokedAt&&(0,U.jsx)(w,{label:a({id:`RlLl3G`,values:{0:t.name}}),actions:[{key:`edit`,label:a({id:`G+J2L3`}),run:()=>_({what:`edit`,key:t})},{key:`rotate`,label:a({id:`fXWMLi`}),run:()=>_({what:`rotate`,key:t})},{key:`revoke`,label:a({id:`GXsAby`}),danger:!0,run:()=>_({what:`revoke`,key:t})}]})]},t.id))})]}),(g?.what===`new`||g?.what===`edit`)&&(0,U.jsx)(K,{...g.key&&{of:g.key},onClose:L,onDone:e=>{E(e),u()}}),g?.what===`rotate`&&g.key&&(0,U.jsx)(C,{title:a({id:`4ihsEa`,values:{0:g.key.name}}),action:(0,U.jsx)(r,{id:`fXWMLi`}),problems:m,onClose:L,onConfirm:async()=>{let e=await p(V,{input:{id:g.key?.id??``,oldWorksFor:D}});return e?.secret&&E({text:e.secret,name:g.key?.name??``}),u(),!!e},children:(0,U.jsx)(d,{label:a({id:`7gu8qO`}),value:D,options:[[`PT0S`,a({id:`Ssa564`})],[`PT1H`,a({id:`3sTVOv`})],[`P1D`,a({id:`/5A5+3`})],[`P7D`,a({id:`d+1gqd`})]],onChange:O})}),g?.what===`revoke`&&g.key&&(0,U.jsx)(C,{title:a({id:`a1EvGV`,values:{0:g.key.name}}),action:(0,U.jsx)(r,{id:`GXsAby`}),danger:!0,problems:m,onClose:L,onConfirm:async()=>{let e=await p(H,{input:{id:g.key?.id??``}});return e&&M(a({id:`xGiT1z`})),u(),!!e},children:(0,U.jsx)(`p`,{children:g.key.lastUsedAt?(0,U.jsx)(r,{id:`9ZCmuK`,values:{0:i(g.key.lastUsedAt)}}):(0,U.jsx)(r,{id:`7rkClh`})})}),x&&(0,U.jsx)(f,{title:a({id:`7z7Yi5`,values:{0:x.name}}),secret:x.text,onClose:()=>E(null)})]})}function K({of:e,onClose:n,onDone:i}){let{_:a}=t(),{act:o,busy:s,problems:l}=j(),[f,h]=(0,P.useState)(e?.name??``),[g,_]=(0,P.useState)(`READ`),[v,y]=(0,P.useState)(e?.expiresAt?.slice(0,10)??``),[b,x]=(0,P.useState)(e?.networks?.join(`, `)??``);async function S(){let t=b.split(`,`).map(e=>e.trim()).filter(Boolean),r={name:f.trim(),networks:t.length?t:null,expiresAt:v?e?.expiresAt?.startsWith(v)?e.expiresAt:`${v}T23:59:59Z`:null};if(e)return await o(B,{input:{id:e.id,...r}})?(n(),i(null)):void 0;let a=await o(z,{input:{scope:g,...r}});a&&(n(),i(a.secret?{text:a.secret,name:r.name}:null))}return(0,U.jsxs)(p,{title:e?e.name:(0,U.jsx)(r,{id:`o8MyXb`}),action:(0,U.jsx)(r,{id:`tfDRzk`}),busy:s,problems:u(l,`name`,`expiresAt`,`networks`),onSubmit:()=>void S(),onClose:n,children:[(0,U.jsx)(c,{label:a({id:`6YtxFj`}),value:f,onChange:h,problems:l,name:`name`,hint:a({id:`S7C38G`}),autoFocus:!0}),!e&&(0,U.jsx)(d,{label:a({id:`aBgwis`}),value:g,options:W.map(e=>[e,T(e)]),onChange:_,wrong:m(l,`scope`)}),(0,U.jsx)(c,{label:a({id:`C32k6H`}),type:`date`,value:v,onChange:y,problems:l,name:`expiresAt`,hint:a({id:`lhjibI`})}),(0,U.jsx)(c,{label:a({id:`oUXWlr`}),value:b,onChange:x,problems:l,name:`networks`,hint:a({id:`2+xXnL`})})]})}var q=[`TEAM_MEMBER`,`LEADER`,`ADMIN`];function J(){let{_:e}=t(),n=a(),[i,,o]=s(),c=N(F,{first:50,search:i(`search`)||null,active:!i(`all`)||null},e=>e.users,{refreshedBy:[`USER_CHANGED`]}),[l,u]=(0,P.useState)(null),{act:d,problems:f}=j(),p=()=>u(null);async function m(t){await d(R,{input:{id:t.id,active:!0}})&&M(e({id:`zw1FEi`,values:{0:t.name}})),c.again()}return(0,U.jsxs)(U.Fragment,{children:[(0,U.jsxs)(`div`,{className:`row`,children:[(0,U.jsx)(g,{label:e({id:`vY0WLo`}),value:i(`search`),onChange:e=>o({search:e})}),(0,U.jsxs)(`label`,{className:`check small`,children:[(0,U.jsx)(`input`,{type:`checkbox`,checked:!!i(`all`),onChange:e=>o({all:e.target.checked?`yes`:``})}),(0,U.jsx)(r,{id:`+D0eR2`})]}),(0,U.jsx)(`span`,{className:`grow muted small`,role:`status`,children:c.totalCount!=null&&(0,U.jsx)(r,{id:`V4WrGy`,values:{0:c.totalCount}})}),(0,U.jsxs)(`button`,{type:`button`,className:`button primary`,onClick:()=>u({what:`invite`}),children:[(0,U.jsx)(h,{name:`plus`}),(0,U.jsx)(r,{id:`T+FOR5`})]})]}),c.error&&(0,U.jsx)(b,{error:c.error,again:c.again}),(0,U.jsxs)(y,{bare:!0,children:[c.rows.length===0&&(c.isFetching?(0,U.jsx)(`div`,{className:`body`,children:(0,U.jsx)(S,{})}):(0,U.jsx)(`p`,{className:`body muted`,children:(0,U.jsx)(r,{id:`vcdLeZ`})})),(0,U.jsx)(`ul`,{className:`plain-list`,children:c.rows.map(t=>(0,U.jsxs)(`li`,{children:[(0,U.jsxs)(`div`,{className:`grow`,children:[(0,U.jsx)(`strong`,{children:t.name}),t.id===n.user?.id&&(0,U.jsxs)(`span`,{className:`muted small`,children:[` `,(0,U.jsx)(r,{id:`4Q6lF1`})]}),(0,U.jsx)(`p`,{className:`muted small`,children:t.email})]}),!t.subject&&(0,U.jsx)(`span`,{className:`badge warn`,children:(0,U.jsx)(r,{id:`1We2c+`})}),!t.active&&(0,U.jsx)(`span`,{className:`badge bad`,children:(0,U.jsx)(r,{id:`wXj6/p`})}),(0,U.jsx)(`span`,{className:`badge accent`,children:T(t.role)}),(0,U.jsx)(w,{label:e({id:`RlLl3G`,values:{0:t.name}}),actions:[{key:`edit`,label:e({id:`q1gMAW`}),run:()=>u({what:`edit`,user:t})},{key:`out`,label:e({id:`U+Xizs`}),run:()=>u({what:`out`,user:t})},t.active?{key:`off`,label:e({id:`KT4+UM`}),danger:!0,run:()=>u({what:`off`,user:t})}:{key:`on`,label:e({id:`3WEK6f`}),run:()=>void m(t)}]})]},t.id))}),c.hasMore&&(0,U.jsx)(`div`,{className:`body`,children:(0,U.jsx)(`button`,{type:`button`,className:`button small`,onClick:c.more,children:(0,U.jsx)(r,{id:`fMPkxb`})})})]}),l?.what===`invite`&&(0,U.jsx)(Y,{onClose:p,onDone:c.again}),l?.what===`edit`&&l.user&&(0,U.jsx)(X,{user:l.user,onClose:p,onDone:c.again}),l?.what===`off`&&l.user&&(0,U.jsx)(Z,{user:l.user,others:c.rows.filter(e=>e.active&&e.id!==l.user?.id),onClose:p,onDone:c.again}),l?.what===`out`&&l.user&&(0,U.jsx)(C,{title:e({id:`tN8SkA`,values:{0:l.user.name}}),action:(0,U.jsx)(r,{id:`fcWrnU`}),problems:f,onClose:p,onConfirm:async()=>!!await d(R,{input:{id:l.user?.id??``,signOut:!0}}),children:(0,U.jsx)(`p`,{children:(0,U.jsx)(r,{id:`L9s9L+`})})})]})}function Y({onClose:e,onDone:n}){let{_:i}=t(),{act:a,busy:o,problems:s}=j(),[l,f]=(0,P.useState)(``),[m,h]=(0,P.useState)(``),[g,_]=(0,P.useState)(``),[v,y]=(0,P.useState)(`TEAM_MEMBER`);async function b(){let t={role:v,email:l.trim()||null,name:m.trim()||null,subject:g.trim()||null};await a(L,{input:t})&&(M(i({id:`Dn4OyV`})),n(),e())}return(0,U.jsxs)(p,{title:(0,U.jsx)(r,{id:`T+FOR5`}),action:(0,U.jsx)(r,{id:`MFKlMB`}),busy:o,problems:u(s,`email`,`name`,`subject`),onSubmit:()=>void b(),onClose:e,children:[(0,U.jsx)(c,{label:i({id:`O3oNi5`}),type:`email`,value:l,onChange:f,problems:s,name:`email`,hint:i({id:`69Khep`}),autoFocus:!0}),(0,U.jsx)(c,{label:i({id:`6YtxFj`}),value:m,onChange:h,problems:s,name:`name`}),(0,U.jsx)(c,{label:i({id:`UJmAAK`}),value:g,onChange:_,problems:s,name:`subject`,hint:i({id:`qjmbNY`})}),(0,U.jsx)(d,{label:i({id:`GDvlUT`}),value:v,options:q.map(e=>[e,T(e)]),onChange:y})]})}function X({user:e,onClose:n,onDone:i}){let{_:a}=t(),{act:o,busy:s,problems:l}=j(),[f,m]=(0,P.useState)(e.name),[h,g]=(0,P.useState)(e.role);async function _(){await o(R,{input:{id:e.id,...f!==e.name&&{name:f},...h!==e.role&&{role:h}}})&&(M(a({id:`idD8Ev`})),i(),n())}return(0,U.jsxs)(p,{title:e.name,action:(0,U.jsx)(r,{id:`tfDRzk`}),busy:s,problems:u(l,`name`),onSubmit:()=>void _(),onClose:n,children:[(0,U.jsx)(c,{label:a({id:`6YtxFj`}),value:f,onChange:m,problems:l,name:`name`,autoFocus:!0}),(0,U.jsx)(d,{label:a({id:`GDvlUT`}),value:h,options:q.map(e=>[e,T(e)]),onChange:g})]})}function Z({user:e,others:n,onClose:i,onDone:a}){let{_:o}=t(),{act:s,busy:c,problems:l}=j(),[u,f]=(0,P.useState)(``);async function m(){let t=await s(R,{input:{id:e.id,active:!1,...u&&{handOverPrivateTo:u}}});t&&(M(o({id:`jasHUB`,values:{0:t.segmentsHandedOver,1:t.playbooksHandedOver}})),a(),i())}return(0,U.jsxs)(p,{title:o({id:`cw3/fQ`,values:{0:e.name}}),action:(0,U.jsx)(r,{id:`5y3O+A`}),busy:c,problems:l,onSubmit:()=>void m(),onClose:i,children:[(0,U.jsx)(`p`,{children:(0,U.jsx)(r,{id:`YFpx8V`})}),(0,U.jsx)(d,{label:o({id:`gYKgJj`}),value:u,options:[[``,o({id:`Fczv/u`})],...n.map(e=>[e.id,e.name])],onChange:f})]})}function Q(){let{_:e}=t(),n=a(),[i]=s(),c=i(`tab`)===`keys`?`keys`:`users`;return l(e({id:`W2mpdH`})),o(n)?(0,U.jsxs)(U.Fragment,{children:[(0,U.jsx)(x,{title:(0,U.jsx)(r,{id:`W2mpdH`})}),(0,U.jsx)(_,{label:e({id:`W2mpdH`}),tabs:[{key:`users`,href:`/access`,text:e({id:`Sxm8rQ`}),current:c===`users`},{key:`keys`,href:`/access?tab=keys`,text:e({id:`5h8ooz`}),current:c===`keys`}]}),c===`users`?(0,U.jsx)(J,{}):(0,U.jsx)(G,{})]}):(0,U.jsx)(v,{title:(0,U.jsx)(r,{id:`6wSrZh`}),children:(0,U.jsx)(`p`,{children:(0,U.jsx)(r,{id:`tTtRc6`})})})}export{Q as default};