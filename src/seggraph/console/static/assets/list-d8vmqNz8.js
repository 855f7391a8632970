import{h as e,m as t,r as n,t as r}from"./format-B-3hrhDS.js";import{n as i,o as a,t as o}from"./react-DgRzD9U8.js";import{i as s,t as c}from"./gql-h6yu-1fa.js";import{E as l,T as u,c as d,i as f,l as p,m,p as h,v as g,y as _}from"./parts-CrcGomB7.js";import{t as v}from"./acts-CTvrMCxA.js";import{o as y,r as b}from"./viewer-D4x_pclA.js";import{c as x,d as S,l as C,o as w,t as T}from"./editing-Bf7OLMNt.js";import{r as E}from"./toasts-CFiwKVg3.js";var D=a(o(),1);c(`
  fragment WebhookPart on Webhook {
    id
    url
    description
    topics
    status
    statusReason
    secretHint
    previousSecretUntil
    failureCount
    failingSince
    nextAttemptAt
    createdAt
  }
`);var O=c(`
  query Webhooks {
    webhooks {
      ...WebhookPart
    }
  }
`),k=c(`
  query WebhookMessages($id: ID!, $first: Int!, $after: String, $status: WebhookDeliveryStatus) {
    node(id: $id) {
      id
      ... on Webhook {
        ...WebhookPart
        deliveries(first: $first, after: $after, status: $status) {
          totalCount
          pageInfo {
            hasNextPage
            endCursor
          }
          nodes {
            id
            messageId
            topic
            status
            attemptCount
            nextAttemptAt
            createdAt
            finishedAt
          }
        }
      }
    }
  }
`),A=c(`
  query WebhookMessage($id: ID!) {
    node(id: $id) {
      id
      ... on WebhookDelivery {
        messageId
        topic
        status
        payload
        attemptCount
        nextAttemptAt
        attempts(first: 20) {
          nodes {
            id
            at
            durationSeconds
            statusCode
            error
            nextAttemptAt
          }
        }
      }
    }
  }
`),j=c(`
  mutation CreateWebhook($input: CreateWebhookInput!) {
    createWebhook(input: $input) {
      webhook {
        ...WebhookPart
      }
      secret
      errors {
        ...Wrong
      }
    }
  }
`),M=c(`
  mutation UpdateWebhook($input: UpdateWebhookInput!) {
    updateWebhook(input: $input) {
      webhook {
        ...WebhookPart
      }
      secret
      errors {
        ...Wrong
      }
    }
  }
`),N=c(`
  mutation PauseWebhook($input: WebhookIdInput!) {
    pauseWebhook(input: $input) {
      webhook {
        ...WebhookPart
      }
      errors {
        ...Wrong
      }
    }
  }
`),P=c(`
  mutation ResumeWebhook($input: WebhookIdInput!) {
    resumeWebhook(input: $input) {
      webhook {
        ...WebhookPart
      }
      errors {
        ...Wrong
      }
    }
  }
`),F=c(`
  mutation RotateWebhookSecret($input: WebhookIdInput!) {
    rotateWebhookSecret(input: $input) {
      webhook {
        ...WebhookPart
      }
      secret
      errors {
        ...Wrong
      }
    }
  }
`),I=c(`
  mutation DeleteWebhook($input: WebhookIdInput!) {
    deleteWebhook(input: $input) {
      deletedId
      errors {
        ...Wrong
      }
    }
  }
`),L=c(`
  mutation TestWebhook($input: WebhookIdInput!) {
    testWebhook(input: $input) {
      delivery {
        id
        status
      }
      errors {
        ...Wrong
      }
    }
  }
`),R=c(`
  mutation ReplayWebhookDelivery($input: ReplayWebhookDeliveryInput!) {
    replayWebhookDelivery(input: $input) {
      replayed
      errors {
        ...Wrong
      }
    }
  }
`),z=i(),B=[`SEGMENT_CREATED`,`SEGMENT_UPDATED`,`SEGMENT_ARCHIVED`,`SEGMENT_DELETED`,`REACH_READY`,`REACH_FAILED`,`MEMBERS_ENTERED`,`MEMBERS_EXITED`,`IMPORT_FINISHED`,`EXPORT_FINISHED`,`DELIVERY_CHANGED`,`CAMPAIGN_CHANGED`,`METRICS_CHANGED`,`PLAYBOOK_CHANGED`,`LABEL_CHANGED`,`FOLDER_CHANGED`,`USER_CHANGED`];function V(){let{_:i}=e(),a=y(),[{data:o,error:c,fetching:g},v]=s({query:O}),x=()=>v({requestPolicy:`network-only`}),[C,w]=(0,D.useState)(!1),[T,E]=(0,D.useState)(null);return S(i({id:`v1kQyJ`})),(0,z.jsxs)(z.Fragment,{children:[(0,z.jsx)(m,{title:(0,z.jsx)(t,{id:`v1kQyJ`}),below:(0,z.jsx)(t,{id:`72yHBD`}),children:b(a)&&(0,z.jsxs)(`button`,{type:`button`,className:`button primary`,onClick:()=>w(!0),children:[(0,z.jsx)(u,{name:`plus`}),(0,z.jsx)(t,{id:`sbNNyi`})]})}),c&&(0,z.jsx)(p,{error:c,again:x}),(0,z.jsxs)(f,{bare:!0,children:[!o&&g&&(0,z.jsx)(`div`,{className:`body`,children:(0,z.jsx)(h,{})}),o?.webhooks.length===0&&(0,z.jsx)(d,{title:(0,z.jsx)(t,{id:`xrAfuT`}),children:(0,z.jsx)(`p`,{children:(0,z.jsx)(t,{id:`nZlUhk`})})}),(0,z.jsx)(`ul`,{className:`plain-list`,children:o?.webhooks.map(e=>(0,z.jsxs)(`li`,{children:[(0,z.jsxs)(`div`,{className:`grow`,children:[(0,z.jsx)(l,{href:`/webhooks/${e.id}`,children:(0,z.jsx)(`strong`,{children:e.description||e.url})}),(0,z.jsxs)(`p`,{className:`muted small`,children:[e.description&&`${e.url} · `,(0,z.jsx)(t,{id:`fUqyoB`,values:{0:e.topics.length}})]})]}),e.failingSince&&(0,z.jsx)(`span`,{className:`badge bad`,children:(0,z.jsx)(t,{id:`763mH2`,values:{0:r(e.failingSince),1:n(e.failureCount)}})}),(0,z.jsx)(_,{of:e.status})]},e.id))})]}),C&&(0,z.jsx)(U,{onClose:()=>w(!1),onDone:e=>{E(e),x()}}),T&&(0,z.jsx)(H,{secret:T,onClose:()=>E(null)})]})}function H({secret:e,onClose:n}){return(0,z.jsx)(w,{title:(0,z.jsx)(t,{id:`l1q/ih`}),secret:e,onClose:n,children:(0,z.jsx)(`p`,{className:`muted`,children:(0,z.jsx)(t,{id:`DkAGBy`})})})}function U({webhook:n,onClose:r,onDone:i}){let{_:a}=e(),{act:o,busy:s,problems:c}=v(),[l,u]=(0,D.useState)(n?.url??``),[d,f]=(0,D.useState)(n?.description??``),[p,m]=(0,D.useState)(n?.topics??[`MEMBERS_ENTERED`,`MEMBERS_EXITED`]);async function h(){let e={url:l.trim(),description:d.trim()||null,topics:[...p]},t=n?await o(M,{input:{id:n.id,...e}}):await o(j,{input:e});t&&(E(a({id:`idD8Ev`})),r(),i(t.secret??null))}return(0,z.jsxs)(T,{wide:!0,title:n?(0,z.jsx)(t,{id:`Tm0FQ/`}):(0,z.jsx)(t,{id:`sbNNyi`}),action:(0,z.jsx)(t,{id:`tfDRzk`}),busy:s,problems:C(c,`url`,`description`),onSubmit:()=>void h(),onClose:r,children:[(0,z.jsx)(x,{label:a({id:`Du6bPw`}),type:`url`,value:l,onChange:u,problems:c,name:`url`,placeholder:`https://`,autoFocus:!0}),(0,z.jsx)(x,{label:a({id:`Nu4oKW`}),value:d,onChange:f,problems:c,name:`description`}),(0,z.jsx)(g,{legend:a({id:`sFMBP5`}),values:p,options:B,onChange:m})]})}export{U as WebhookForm,H as WebhookSecret,R as a,L as c,V as default,N as i,O as l,A as n,P as o,k as r,F as s,I as t};