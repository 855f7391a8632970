import{a as e,h as t,i as n,m as r,r as i}from"./format-B-3hrhDS.js";import{n as a,o,t as s}from"./react-DgRzD9U8.js";import{i as c,t as l}from"./gql-h6yu-1fa.js";import{t as u}from"./acts-CTvrMCxA.js";import{o as d,r as f}from"./viewer-D4x_pclA.js";import{t as p}from"./url-mtI_wMPf.js";import{c as m,d as h,l as g,n as _}from"./editing-Bf7OLMNt.js";import{b as v,f as y,h as b,i as x,l as S,m as C,p as w,r as T,s as E,u as D,v as O,w as k}from"./parts-CrcGomB7.js";import{r as A}from"./toasts-CFiwKVg3.js";import{t as j}from"./pages-CX7xCkhq.js";var M=o(s(),1),N=l(`
  query Workspace {
    rateLimit {
      limit
      remaining
      restoreRate
    }
    viewer {
      workspace {
        id
        name
        timeZone
        currency
        consentPolicy
        phoneRegion
        eventRetentionDays
        createdAt
        leastRoles {
          eraseMembers
          suppressAddresses
          seeImportsOfOthers
          seePersonalData
        }
      }
    }
  }
`),P=l(`
  mutation UpdateWorkspace($input: UpdateWorkspaceInput!) {
    updateWorkspace(input: $input) {
      workspace {
        id
        name
        timeZone
        currency
        consentPolicy
        phoneRegion
        leastRoles {
          eraseMembers
          suppressAddresses
          seeImportsOfOthers
          seePersonalData
        }
      }
      recalculating
      errors {
        ...Wrong
      }
    }
  }
`),F=l(`
  mutation SetEventRetention($input: SetEventRetentionInput!) {
    setEventRetention(input: $input) {
      workspace {
        id
        eventRetentionDays
      }
      errors {
        ...Wrong
      }
    }
  }
`),I=l(`
  query AuditLog($first: Int!, $after: String, $actions: [AuditAction!], $subjects: [AuditSubject!], $actorId: ID, $between: InstantRange) {
    auditLog(first: $first, after: $after, actions: $actions, subjects: $subjects, actorId: $actorId, between: $between) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        id
        at
        action
        subject
        subjectId
        subjectName
        before
        after
        actor {
          name
          ip
        }
      }
    }
  }
`),L=l(`
  query Usage {
    usage {
      item
      kind
      used
      limit
    }
  }
`),R=a(),z=[`SEGMENT`,`LABEL`,`FOLDER`,`SAVED_VIEW`,`REPORT_NAME`,`CAMPAIGN`,`PLAYBOOK`,`IMPORT`,`IMPORT_TEMPLATE`,`EXPORT`,`BULK_EDIT`,`API_KEY`,`USER`,`GROUP`,`WORKSPACE`,`SUPPRESSION`,`EVENT`,`METRICS`,`MEMBER`,`ATTRIBUTE`,`DESTINATION`,`DELIVERY`,`WEBHOOK`];function B(){let{_:n}=t(),[i,a,o]=p(),s=z.filter(e=>a(`of`).includes(e)),c=i(`from`)||i(`to`)?{from:i(`from`)?`${i(`from`)}T00:00:00Z`:null,to:i(`to`)?`${i(`to`)}T23:59:59.999Z`:null}:null,l=j(I,{first:50,subjects:s.length?s:null,between:c},e=>e.auditLog);return(0,R.jsxs)(R.Fragment,{children:[(0,R.jsxs)(`div`,{className:`row`,children:[(0,R.jsx)(T,{text:(0,R.jsxs)(R.Fragment,{children:[n({id:`b0kG5w`}),s.length>0&&(0,R.jsx)(`span`,{className:`badge accent`,children:s.length})]}),label:n({id:`b0kG5w`}),children:(0,R.jsx)(O,{legend:n({id:`b0kG5w`}),values:s,options:z,onChange:e=>o({of:e})})}),(0,R.jsx)(D,{label:n({id:`ejVYRQ`}),children:e=>(0,R.jsx)(`input`,{...e,type:`date`,value:i(`from`),onChange:e=>o({from:e.target.value})})}),(0,R.jsx)(D,{label:n({id:`zDfdMJ`}),children:e=>(0,R.jsx)(`input`,{...e,type:`date`,value:i(`to`),onChange:e=>o({to:e.target.value})})}),(0,R.jsx)(`span`,{className:`muted small`,role:`status`,children:l.totalCount!=null&&(0,R.jsx)(r,{id:`7oibsn`,values:{0:l.totalCount}})}),(0,R.jsx)(`button`,{type:`button`,className:`button small`,onClick:l.again,children:(0,R.jsx)(r,{id:`I1BZ2L`})})]}),l.error&&(0,R.jsx)(S,{error:l.error,again:l.again}),(0,R.jsxs)(x,{bare:!0,children:[l.rows.length===0&&(l.isFetching?(0,R.jsx)(`div`,{className:`body`,children:(0,R.jsx)(w,{})}):(0,R.jsx)(`p`,{className:`body muted`,children:(0,R.jsx)(r,{id:`RKE/v3`})})),(0,R.jsx)(`ul`,{className:`plain-list`,children:l.rows.map(t=>(0,R.jsxs)(`li`,{children:[(0,R.jsxs)(`div`,{className:`grow`,children:[(0,R.jsx)(`strong`,{children:k(t.action)}),` `,(0,R.jsx)(`span`,{className:`badge`,children:k(t.subject)}),` `,t.subjectName,!!(t.before||t.after)&&(0,R.jsxs)(`details`,{className:`small`,children:[(0,R.jsx)(`summary`,{children:(0,R.jsx)(r,{id:`HbeFvX`})}),(0,R.jsxs)(`div`,{className:`pair`,children:[(0,R.jsx)(`pre`,{className:`payload`,tabIndex:0,children:JSON.stringify(t.before,null,2)}),(0,R.jsx)(`pre`,{className:`payload`,tabIndex:0,children:JSON.stringify(t.after,null,2)})]})]})]}),(0,R.jsxs)(`span`,{className:`muted small`,children:[t.actor.name,t.actor.ip&&` · ${t.actor.ip}`]}),(0,R.jsx)(`span`,{className:`muted small`,children:e(t.at)})]},t.id))}),l.hasMore&&(0,R.jsx)(`div`,{className:`body`,children:(0,R.jsx)(`button`,{type:`button`,className:`button small`,onClick:l.more,children:(0,R.jsx)(r,{id:`fMPkxb`})})})]})]})}function V(){let{_:e}=t(),[{data:n,error:a,fetching:o},s]=c({query:L,requestPolicy:`cache-and-network`});return(0,R.jsxs)(R.Fragment,{children:[a&&(0,R.jsx)(S,{error:a,again:()=>s({requestPolicy:`network-only`})}),!n&&o&&(0,R.jsx)(w,{}),n&&(0,R.jsx)(x,{bare:!0,children:(0,R.jsx)(`div`,{className:`scroll`,role:`region`,"aria-label":e({id:`Lklpaz`}),tabIndex:0,children:(0,R.jsxs)(`table`,{children:[(0,R.jsx)(`thead`,{children:(0,R.jsxs)(`tr`,{children:[(0,R.jsx)(`th`,{scope:`col`,children:(0,R.jsx)(r,{id:`+YrETt`})}),(0,R.jsx)(`th`,{scope:`col`,className:`number`,children:(0,R.jsx)(r,{id:`aL1w5Z`})}),(0,R.jsx)(`th`,{scope:`col`,className:`number`,children:(0,R.jsx)(r,{id:`yRkqG9`})})]})}),(0,R.jsx)(`tbody`,{children:n.usage.filter(e=>e.used!==0||e.kind==null).map(t=>(0,R.jsxs)(`tr`,{children:[(0,R.jsxs)(`th`,{scope:`row`,children:[k(t.item),t.kind&&` · ${k(t.kind)}`]}),(0,R.jsx)(`td`,{className:`number`,children:t.used==null?`–`:i(t.used)}),(0,R.jsxs)(`td`,{className:`number`,children:[t.limit==null?e({id:`r/FDxa`}):i(t.limit),t.used!=null&&t.limit!=null&&t.used>=t.limit*.9&&(0,R.jsxs)(R.Fragment,{children:[` `,(0,R.jsx)(`span`,{className:`badge warn`,children:(0,R.jsx)(r,{id:`fR7Hzd`})})]})]})]},`${t.item} ${t.kind??``}`))})]})})})]})}var H=[`TEAM_MEMBER`,`LEADER`,`ADMIN`];function U(){let{_:e}=t(),a=f(d()),[o]=p(),s=a&&[`audit`,`usage`].includes(o(`tab`))?o(`tab`):`settings`,[{data:l,error:u,fetching:m},g]=c({query:N});return h(e({id:`Tz0i8g`})),(0,R.jsxs)(R.Fragment,{children:[(0,R.jsx)(C,{title:(0,R.jsx)(r,{id:`Tz0i8g`}),below:l&&(0,R.jsx)(r,{id:`3Bt8LD`,values:{0:n(l.viewer.workspace.createdAt)}})}),a&&(0,R.jsx)(v,{label:e({id:`Tz0i8g`}),tabs:[{key:`settings`,href:`/settings`,text:e({id:`pmUArF`}),current:s===`settings`},{key:`usage`,href:`/settings?tab=usage`,text:e({id:`Lklpaz`}),current:s===`usage`},{key:`audit`,href:`/settings?tab=audit`,text:e({id:`wTcjQo`}),current:s===`audit`}]}),u&&(0,R.jsx)(S,{error:u,again:()=>g({requestPolicy:`network-only`})}),!l&&m&&(0,R.jsx)(w,{}),l&&(s===`audit`?(0,R.jsx)(B,{}):s===`usage`?(0,R.jsx)(V,{}):(0,R.jsxs)(`div`,{className:`form-page stack`,children:[(0,R.jsx)(W,{workspace:l.viewer.workspace,disabled:!a},JSON.stringify(l.viewer.workspace)),(0,R.jsx)(x,{title:(0,R.jsx)(r,{id:`ZfNeaW`}),children:(0,R.jsx)(`p`,{children:(0,R.jsx)(r,{id:`up+aVu`,values:{0:i(l.rateLimit.remaining),1:i(l.rateLimit.limit),2:i(l.rateLimit.restoreRate)}})})})]}))]})}function W({workspace:e,disabled:n}){let{_:i}=t(),{act:a,busy:o,problems:s}=u(),c=u(),[l,d]=(0,M.useState)(e.name),[f,p]=(0,M.useState)(e.timeZone),[h,v]=(0,M.useState)(e.currency),[S,C]=(0,M.useState)(e.phoneRegion??``),[w,T]=(0,M.useState)(e.consentPolicy),[D,O]=(0,M.useState)(e.leastRoles),[j,N]=(0,M.useState)(String(e.eventRetentionDays??``)),[I,L]=(0,M.useState)(!1),z=[[`seePersonalData`,i({id:`N++eo6`})],[`eraseMembers`,i({id:`Hp6da2`})],[`suppressAddresses`,i({id:`letb24`})],[`seeImportsOfOthers`,i({id:`sWV/Ym`})]];async function B(){let{__typename:t,...n}=D,r={...l!==e.name&&{name:l},...f!==e.timeZone&&{timeZone:f},...h!==e.currency&&{currency:h},...S!==(e.phoneRegion??``)&&{phoneRegion:S},...w!==e.consentPolicy&&{consentPolicy:w},leastRoles:n},o=await a(P,{input:r});o&&A(o.recalculating?i({id:`PPWlGc`,values:{0:o.recalculating}}):i({id:`idD8Ev`}))}async function V(){let e=await c.act(F,{input:{days:j.trim()?Number(j):null}});return e&&A(i({id:`idD8Ev`})),!!e}return(0,R.jsxs)(R.Fragment,{children:[(0,R.jsx)(x,{title:(0,R.jsx)(r,{id:`pmUArF`}),children:(0,R.jsx)(y,{onSubmit:()=>void B(),children:(0,R.jsxs)(`fieldset`,{className:`picker stack`,disabled:n,children:[(0,R.jsxs)(`div`,{className:`pair`,children:[(0,R.jsx)(m,{label:i({id:`6YtxFj`}),value:l,onChange:d,problems:s,name:`name`}),(0,R.jsx)(m,{label:i({id:`Mz2JN2`}),value:f,onChange:p,problems:s,name:`timeZone`,hint:i({id:`KVNzf9`,values:{0:`Europe/Berlin`}})}),(0,R.jsx)(m,{label:i({id:`Q2lUR2`}),value:h,onChange:v,problems:s,name:`currency`,hint:i({id:`KVNzf9`,values:{0:`EUR`}})}),(0,R.jsx)(m,{label:i({id:`Fq5jLA`}),value:S,onChange:C,problems:s,name:`phoneRegion`,hint:i({id:`KVNzf9`,values:{0:`DE`}})}),(0,R.jsx)(_,{label:i({id:`t1kADn`}),value:w,options:[[`OPT_OUT`,i({id:`UXalpi`})],[`OPT_IN`,i({id:`LCSLUG`})]],onChange:T})]}),(0,R.jsx)(`h3`,{children:(0,R.jsx)(r,{id:`JqnnOH`})}),(0,R.jsx)(`div`,{className:`pair`,children:z.map(([e,t])=>(0,R.jsx)(_,{label:t,value:D[e],options:H.map(e=>[e,k(e)]),onChange:t=>O({...D,[e]:t})},e))}),(0,R.jsx)(b,{of:g(s,`name`,`timeZone`,`currency`,`phoneRegion`)}),!n&&(0,R.jsx)(`div`,{children:(0,R.jsx)(`button`,{type:`submit`,className:`button primary`,disabled:o,children:(0,R.jsx)(r,{id:`tfDRzk`})})})]})})}),(0,R.jsx)(x,{title:(0,R.jsx)(r,{id:`x1slOw`}),children:(0,R.jsx)(y,{onSubmit:()=>j.trim()?L(!0):void V(),children:(0,R.jsxs)(`fieldset`,{className:`picker stack`,disabled:n,children:[(0,R.jsx)(m,{label:i({id:`HuVZMK`}),type:`number`,value:j,onChange:N,problems:c.problems,name:`days`,hint:i({id:`vbCMR+`})}),(0,R.jsx)(b,{of:g(c.problems,`days`)}),!n&&(0,R.jsx)(`div`,{children:(0,R.jsx)(`button`,{type:`submit`,className:`button`,disabled:c.busy,children:(0,R.jsx)(r,{id:`tfDRzk`})})})]})})}),I&&(0,R.jsx)(E,{title:i({id:`SRYuuV`}),action:(0,R.jsx)(r,{id:`SRYuuV`}),danger:!0,problems:c.problems,onConfirm:V,onClose:()=>L(!1),children:(0,R.jsx)(`p`,{children:(0,R.jsx)(r,{id:`ngHruz`,values:{days:j}})})})]})}export{U as default};