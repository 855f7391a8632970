import{a as e,h as t,m as n,r,t as i}from"./format-B-3hrhDS.js";import{n as a,o,t as s}from"./react-DgRzD9U8.js";import{i as c,t as l}from"./gql-h6yu-1fa.js";import{E as u,S as d,T as f,c as p,g as m,i as h,l as g,m as _,p as v,r as y,s as b,t as x,u as S,v as C,w,y as T}from"./parts-CrcGomB7.js";import{t as E}from"./acts-CTvrMCxA.js";import{a as D}from"./events-ydpgym96.js";import{t as O}from"./pages-CX7xCkhq.js";import{a as k,i as A,o as j}from"./viewer-D4x_pclA.js";import{t as M}from"./url-mtI_wMPf.js";import{c as N,d as P,l as F,n as I,o as L,s as R,t as z}from"./editing-Bf7OLMNt.js";import{n as B,r as V}from"./toasts-CFiwKVg3.js";var H=o(s(),1);l(`
  fragment DestinationPart on Destination {
    id
    name
    type
    channel
    url
    headerName
    mapping
    version
    createdAt
    authSecretHint
    feedbackUrl
  }
`);var U=l(`
  query Destinations {
    destinations {
      ...DestinationPart
    }
  }
`),W=l(`
  query Deliveries($first: Int!, $after: String, $destinationId: ID, $statuses: [DeliveryStatus!]) {
    deliveries(first: $first, after: $after, destinationId: $destinationId, statuses: $statuses) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        id
        status
        progress
        listName
        deliveredCount
        memberCount
        noAddressCount
        noConsentCount
        suppressedCount
        rejectedCount
        isEmptying
        asOf
        retryAt
        createdAt
        error {
          code
          message
          at
        }
        destination {
          id
          name
        }
        segment {
          id
          name
        }
      }
    }
  }
`),G=l(`
  mutation CreateDestination($input: CreateDestinationInput!) {
    createDestination(input: $input) {
      destination {
        ...DestinationPart
      }
      signingSecret
      errors {
        ...Wrong
      }
    }
  }
`),K=l(`
  mutation UpdateDestination($input: UpdateDestinationInput!) {
    updateDestination(input: $input) {
      destination {
        ...DestinationPart
      }
      signingSecret
      authSecretDropped
      errors {
        ...Wrong
      }
    }
  }
`),q=l(`
  mutation DeleteDestination($input: DestinationIdInput!) {
    deleteDestination(input: $input) {
      deletedId
      errors {
        ...Wrong
      }
    }
  }
`),J=l(`
  mutation TestDestination($input: DestinationIdInput!) {
    testDestination(input: $input) {
      test {
        ok
        statusCode
        durationSeconds
        reason
      }
      errors {
        ...Wrong
      }
    }
  }
`),Y=l(`
  mutation DeliverSegment($input: DeliverSegmentInput!) {
    deliverSegment(input: $input) {
      delivery {
        id
        status
      }
      errors {
        ...Wrong
      }
    }
  }
`),X=l(`
  mutation DeactivateDelivery($input: DeliveryIdInput!) {
    deactivateDelivery(input: $input) {
      delivery {
        id
        status
      }
      errors {
        ...Wrong
      }
    }
  }
`),Z=l(`
  mutation RetryDelivery($input: DeliveryIdInput!) {
    retryDelivery(input: $input) {
      delivery {
        id
        status
      }
      errors {
        ...Wrong
      }
    }
  }
`),Q=a(),ee=[`EMAIL`,`DIRECT_MAIL`,`SMS`,`PHONE`,`PUSH`],te=[`HTTP`,`EMAIL_SERVICE`,`FILE`];function ne({destination:e,onClose:r,onDone:i}){let{_:a}=t(),{act:o,busy:s,problems:c,setProblems:l}=E(),[u,f]=(0,H.useState)(e?.name??``),[p,m]=(0,H.useState)(e?.type??`HTTP`),[h,g]=(0,H.useState)(e?.channel??``),[_,v]=(0,H.useState)(e?.url??``),[y,b]=(0,H.useState)(e?.headerName??``),[x,C]=(0,H.useState)(``),[T,D]=(0,H.useState)(JSON.stringify(e?.mapping??{name:`$name`,email:`$email`},null,2)),[O,k]=(0,H.useState)(!1);async function A(){let t;try{t=JSON.parse(T)}catch(e){return l([{code:`INVALID`,message:a({id:`wdG2uX`,values:{0:e instanceof Error?e.message:``}}),path:[`mapping`]}])}let n=p===`FILE`?{}:{url:_.trim(),...y.trim()&&{headerName:y.trim()},...x&&{authSecret:x}},s={name:u.trim(),channel:h||null,mapping:t,...n},c=e?await o(K,{input:{id:e.id,version:e.version,newSigningSecret:O,...s}}):await o(G,{input:{type:p,...s}});c&&(V(`authSecretDropped`in c&&c.authSecretDropped?a({id:`wBLp85`}):a({id:`idD8Ev`})),r(),i(c.signingSecret??null))}return(0,Q.jsxs)(z,{wide:!0,title:e?a({id:`N6j2JH`,values:{0:e.name}}):(0,Q.jsx)(n,{id:`21gsKe`}),action:(0,Q.jsx)(n,{id:`tfDRzk`}),busy:s,problems:F(c,`name`,`url`,`headerName`,`authSecret`,`mapping`),onSubmit:()=>void A(),onClose:r,children:[(0,Q.jsxs)(`div`,{className:`pair`,children:[(0,Q.jsx)(N,{label:a({id:`6YtxFj`}),value:u,onChange:f,problems:c,name:`name`,autoFocus:!0}),!e&&(0,Q.jsx)(I,{label:a({id:`+zy2Nq`}),value:p,options:te.map(e=>[e,w(e)]),onChange:m}),(0,Q.jsx)(I,{label:a({id:`HdE1If`}),value:h,options:[[``,a({id:`RevbX8`})],...ee.map(e=>[e,w(e)])],onChange:g,hint:a({id:`Wva7H0`})})]}),p!==`FILE`&&(0,Q.jsxs)(Q.Fragment,{children:[(0,Q.jsx)(N,{label:a({id:`Du6bPw`}),type:`url`,value:_,onChange:v,problems:c,name:`url`,placeholder:`https://`}),(0,Q.jsxs)(`div`,{className:`pair`,children:[(0,Q.jsx)(N,{label:a({id:`L3ooU6`}),type:`password`,value:x,onChange:C,problems:c,name:`authSecret`,hint:e?.authSecretHint?a({id:`tnF2wN`,values:{0:e.authSecretHint}}):void 0}),(0,Q.jsx)(N,{label:a({id:`sLYUZA`}),value:y,onChange:b,problems:c,name:`headerName`,hint:`Authorization`})]})]}),(0,Q.jsx)(S,{label:a({id:`j3c/Jg`}),wrong:d(c,`mapping`),hint:a({id:`xWWSk/`}),children:e=>(0,Q.jsx)(`textarea`,{...e,rows:6,spellCheck:!1,value:T,onChange:e=>D(e.target.value)})}),e&&p===`HTTP`&&(0,Q.jsxs)(`label`,{className:`check`,children:[(0,Q.jsx)(`input`,{type:`checkbox`,checked:O,onChange:e=>k(e.target.checked)}),(0,Q.jsx)(n,{id:`3R8m1+`})]})]})}var $=[`NOT_SENT`,`BUILDING`,`ACTIVE`,`INACTIVE`,`FAILED`];function re(){let{_:e}=t(),r=j(),i=A(r,`MANAGE_DESTINATIONS`),{act:a}=E(),[{data:o,error:s,fetching:l},u]=c({query:U}),d=()=>u({requestPolicy:`network-only`}),[m,y]=(0,H.useState)(null),[b,S]=(0,H.useState)(null);P(e({id:`7BDsZH`}));let C=()=>y(null);async function T(t){V(e({id:`kKZ0ms`,values:{0:t.name}}));let n=await a(J,{input:{id:t.id}});if(!n?.test)return B(e({id:`jc9cWD`,values:{0:t.name}}));n.test.ok?V(e({id:`E+ZTf9`,values:{0:t.name}})):B(`${t.name}: ${n.test.reason??n.test.statusCode??``}`)}return(0,Q.jsxs)(Q.Fragment,{children:[(0,Q.jsx)(_,{title:(0,Q.jsx)(n,{id:`7BDsZH`}),below:(0,Q.jsx)(n,{id:`B8nGR0`}),children:i&&(0,Q.jsxs)(`button`,{type:`button`,className:`button primary`,onClick:()=>y({what:`new`}),children:[(0,Q.jsx)(f,{name:`plus`}),(0,Q.jsx)(n,{id:`21gsKe`})]})}),s&&(0,Q.jsx)(g,{error:s,again:d}),!o&&l&&(0,Q.jsx)(v,{}),o?.destinations.length===0&&(0,Q.jsx)(`div`,{className:`card`,children:(0,Q.jsx)(p,{title:(0,Q.jsx)(n,{id:`GH+HYN`}),children:(0,Q.jsx)(`p`,{children:(0,Q.jsx)(n,{id:`dbX56A`})})})}),(0,Q.jsx)(`div`,{className:`halves`,children:o?.destinations.map(t=>(0,Q.jsx)(h,{title:t.name,side:(0,Q.jsxs)(`div`,{className:`row`,children:[(0,Q.jsx)(`span`,{className:`badge`,children:w(t.type)}),t.channel&&(0,Q.jsx)(`span`,{className:`badge accent`,children:w(t.channel)}),(0,Q.jsx)(x,{label:e({id:`RlLl3G`,values:{0:t.name}}),actions:[...k(r)?[{key:`deliver`,label:e({id:`/J0N2k`}),run:()=>y({what:`deliver`,destination:t})}]:[],...i?[{key:`test`,label:e({id:`NnH3pK`}),run:()=>void T(t)},{key:`edit`,label:e({id:`ePK91l`}),run:()=>y({what:`edit`,destination:t})},{key:`delete`,label:e({id:`cnGeoo`}),danger:!0,run:()=>y({what:`delete`,destination:t})}]:[]]})]}),children:(0,Q.jsxs)(`div`,{className:`stack tight small`,children:[(0,Q.jsxs)(`p`,{className:`muted`,children:[t.url??(0,Q.jsx)(n,{id:`h2lZUi`}),t.authSecretHint&&` · ${t.authSecretHint}`]}),(0,Q.jsx)(`p`,{className:`muted`,children:e({id:`8ziqJm`,values:{0:Object.keys(t.mapping).join(`, `)||`–`}})})]})},t.id))}),(0,Q.jsx)(ie,{destinations:o?.destinations??[]}),(m?.what===`new`||m?.what===`edit`)&&(0,Q.jsx)(ne,{...m.destination&&{destination:m.destination},onClose:C,onDone:e=>{S(e),d()}}),m?.what===`deliver`&&m.destination&&(0,Q.jsx)(ae,{destination:m.destination,onClose:C}),m?.what===`delete`&&m.destination&&(0,Q.jsx)(oe,{destination:m.destination,onClose:C,onDone:d}),b&&(0,Q.jsx)(L,{title:(0,Q.jsx)(n,{id:`bAeUrF`}),secret:b,onClose:()=>S(null),children:(0,Q.jsx)(`p`,{className:`muted`,children:(0,Q.jsx)(n,{id:`iUacjX`})})})]})}function ie({destinations:a}){let{_:o}=t(),s=j(),{act:c,problems:l}=E(),[d,f,p]=M(),_=$.filter(e=>f(`status`).includes(e)),x=O(W,{first:50,destinationId:d(`destination`)||null,statuses:_.length?_:null},e=>e.deliveries,{refreshedBy:[`DELIVERY_CHANGED`]}),[S,A]=(0,H.useState)(null),[N,P]=(0,H.useState)(!1);D(e=>{e.__typename===`DeliveryChanged`&&x.again()});async function F(e){await c(Z,{input:{id:e.id}})?V(o({id:`3IsgEh`})):B(o({id:`4oINno`})),x.again()}return(0,Q.jsxs)(h,{title:(0,Q.jsx)(n,{id:`da4KrH`}),bare:!0,side:(0,Q.jsxs)(`div`,{className:`row`,children:[(0,Q.jsxs)(`select`,{"aria-label":o({id:`Enslfm`}),style:{width:`auto`},value:d(`destination`),onChange:e=>p({destination:e.target.value}),children:[(0,Q.jsx)(`option`,{value:``,children:o({id:`b4RivP`})}),a.map(e=>(0,Q.jsx)(`option`,{value:e.id,children:e.name},e.id))]}),(0,Q.jsx)(y,{text:(0,Q.jsxs)(Q.Fragment,{children:[o({id:`uAQUqI`}),_.length>0&&(0,Q.jsx)(`span`,{className:`badge accent`,children:_.length})]}),label:o({id:`uAQUqI`}),children:(0,Q.jsx)(C,{legend:o({id:`uAQUqI`}),values:_,options:$,onChange:e=>p({status:e})})})]}),children:[x.error&&(0,Q.jsx)(g,{error:x.error,again:x.again}),x.rows.length===0&&(x.isFetching?(0,Q.jsx)(`div`,{className:`body`,children:(0,Q.jsx)(v,{rows:2})}):(0,Q.jsx)(`p`,{className:`body muted`,children:(0,Q.jsx)(n,{id:`wp47St`})})),(0,Q.jsx)(`div`,{className:`scroll`,tabIndex:0,role:`region`,"aria-label":o({id:`da4KrH`}),children:x.rows.length>0&&(0,Q.jsxs)(`table`,{className:`wide`,children:[(0,Q.jsx)(`thead`,{children:(0,Q.jsxs)(`tr`,{children:[(0,Q.jsx)(`th`,{children:(0,Q.jsx)(n,{id:`RqGEko`})}),(0,Q.jsx)(`th`,{children:(0,Q.jsx)(n,{id:`Enslfm`})}),(0,Q.jsx)(`th`,{children:(0,Q.jsx)(n,{id:`uAQUqI`})}),(0,Q.jsx)(`th`,{className:`number`,children:(0,Q.jsx)(n,{id:`bMDEc2`})}),(0,Q.jsx)(`th`,{className:`number`,children:(0,Q.jsx)(n,{id:`wlQNTg`})}),(0,Q.jsx)(`th`,{children:(0,Q.jsx)(n,{id:`GuRdG0`})}),(0,Q.jsx)(`th`,{children:(0,Q.jsx)(n,{id:`Ir3DTR`})}),(0,Q.jsx)(`th`,{children:(0,Q.jsx)(`span`,{className:`hidden-text`,children:(0,Q.jsx)(n,{id:`7L01XJ`})})})]})}),(0,Q.jsx)(`tbody`,{children:x.rows.map(t=>{let a=[[t.noAddressCount,`NO_ADDRESS`],[t.noConsentCount,`NO_CONSENT`],[t.suppressedCount,`SUPPRESSED`],[t.rejectedCount,`REJECTED`]];return(0,Q.jsxs)(`tr`,{children:[(0,Q.jsx)(`td`,{children:t.segment?(0,Q.jsx)(u,{href:`/segments/${t.segment.id}`,children:t.segment.name}):`–`}),(0,Q.jsx)(`td`,{children:t.destination.name}),(0,Q.jsxs)(`td`,{children:[(0,Q.jsx)(T,{of:t.status}),` `,t.status===`BUILDING`&&(0,Q.jsx)(m,{value:t.progress,label:o({id:`TOaVta`,values:{0:t.segment?.name??``}})}),t.isEmptying&&(0,Q.jsxs)(`span`,{className:`muted small`,children:[` `,(0,Q.jsx)(n,{id:`8ikB43`})]}),t.error&&(0,Q.jsx)(`div`,{className:`wrong small`,children:t.error.message}),t.retryAt&&(0,Q.jsx)(`div`,{className:`muted small`,children:(0,Q.jsx)(n,{id:`nJW6a2`,values:{0:i(t.retryAt)}})})]}),(0,Q.jsx)(`td`,{className:`number`,children:r(t.deliveredCount)}),(0,Q.jsx)(`td`,{className:`number`,children:r(t.memberCount)}),(0,Q.jsx)(`td`,{className:`small`,children:a.filter(([e])=>e).map(([e,t])=>`${w(t)}: ${r(e)}`).join(`, `)||`–`}),(0,Q.jsx)(`td`,{className:`small`,title:e(t.asOf),children:i(t.asOf)}),(0,Q.jsx)(`td`,{children:k(s)&&(0,Q.jsxs)(`div`,{className:`row`,children:[t.status===`FAILED`&&(0,Q.jsx)(`button`,{type:`button`,className:`button small`,onClick:()=>void F(t),children:(0,Q.jsx)(n,{id:`KDw4GX`})}),t.status!==`INACTIVE`&&(0,Q.jsx)(`button`,{type:`button`,className:`button small`,onClick:()=>{P(!1),A(t)},children:(0,Q.jsx)(n,{id:`ygCKqB`})})]})})]},t.id)})})]})}),x.hasMore&&(0,Q.jsx)(`div`,{className:`body`,children:(0,Q.jsx)(`button`,{type:`button`,className:`button small`,onClick:x.more,children:(0,Q.jsx)(n,{id:`fMPkxb`})})}),S&&(0,Q.jsxs)(b,{title:o({id:`18+pRF`,values:{0:S.destination.name}}),action:(0,Q.jsx)(n,{id:`ygCKqB`}),danger:!0,problems:l,onClose:()=>A(null),onConfirm:async()=>{let e=await c(X,{input:{id:S.id,keepMembers:N}});return e&&x.again(),!!e},children:[(0,Q.jsx)(`p`,{children:N?(0,Q.jsx)(n,{id:`bkWGyU`}):(0,Q.jsx)(n,{id:`tV0BTe`,values:{0:S.deliveredCount}})}),(0,Q.jsxs)(`label`,{className:`check`,children:[(0,Q.jsx)(`input`,{type:`checkbox`,checked:N,onChange:e=>P(e.target.checked)}),(0,Q.jsx)(n,{id:`nsenBt`})]})]})]})}function ae({destination:e,onClose:r}){let{_:i}=t(),{act:a,busy:o,problems:s,setProblems:c}=E(),[l,u]=(0,H.useState)([]);async function d(){let[t]=l;if(!t)return c([{code:`REQUIRED`,message:i({id:`liHrt2`})}]);await a(Y,{input:{segmentId:t.id,destinationId:e.id}})&&(V(i({id:`f4aFAk`,values:{0:t.name}})),r())}return(0,Q.jsx)(z,{title:i({id:`4ADLqB`,values:{0:e.name}}),action:(0,Q.jsx)(n,{id:`q47kM8`}),busy:o,problems:s,onSubmit:()=>void d(),onClose:r,children:(0,Q.jsx)(R,{legend:i({id:`RqGEko`}),chosen:l,onChange:e=>u(e.slice(-1))})})}function oe({destination:e,onClose:r,onDone:i}){let{_:a}=t(),{act:o,problems:s}=E(),[{data:l}]=c({query:W,variables:{first:20,destinationId:e.id,statuses:[`NOT_SENT`,`BUILDING`,`ACTIVE`,`FAILED`]},requestPolicy:`network-only`}),u=l?.deliveries.nodes??[];return(0,Q.jsxs)(b,{title:a({id:`Y2tU6I`,values:{0:e.name}}),action:(0,Q.jsx)(n,{id:`cnGeoo`}),danger:!0,problems:s,onClose:r,onConfirm:async()=>await o(q,{input:{id:e.id}})?(V(a({id:`vGjmyl`})),i(),!0):!1,children:[(0,Q.jsx)(`p`,{children:(0,Q.jsx)(n,{id:`5Dkua/`})}),u.length>0&&(0,Q.jsx)(`p`,{className:`note warn`,children:a({id:`kySrG0`,values:{0:u.map(e=>e.segment?.name??`–`).join(`, `)}})})]})}export{re as default};