import{a as e,h as t,i as n,m as r,r as i}from"./format-B1OO-XtF.js";import{n as a,o,t as s}from"./react-DgRzD9U8.js";import{i as c,t as l}from"./gql-DU--stH6.js";import{g as u,m as d,p as f,s as p,y as m}from"./index-CmT5V6Qf.js";import{o as h,r as g}from"./viewer-B9nrfY2N.js";import{t as _}from"./url-DJJ9x0Zw.js";import{b as v,f as y,h as b,i as x,l as S,m as C,p as w,r as T,s as E,u as D,v as O,w as k}from"./parts-tJa0kMNJ.js";import{r as A}from"./toasts-1zWCe_Gp.js";import{t as j}from"./pages-BfzsN6zb.js";var M=o(s(),1),N=l(`
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
`),L=a(),R=[`SEGMENT`,`LABEL`,`FOLDER`,`CAMPAIGN`,`PLAYBOOK`,`IMPORT`,`IMPORT_TEMPLATE`,`EXPORT`,`BULK_EDIT`,`API_KEY`,`USER`,`GROUP`,`WORKSPACE`,`SUPPRESSION`,`EVENT`,`METRICS`,`MEMBER`,`ATTRIBUTE`,`DESTINATION`,`DELIVERY`,`WEBHOOK`];function z(){let{_:n}=t(),[i,a,o]=_(),s=R.filter(e=>a(`of`).includes(e)),c=i(`from`)||i(`to`)?{from:i(`from`)?`${i(`from`)}T00:00:00Z`:null,to:i(`to`)?`${i(`to`)}T23:59:59.999Z`:null}:null,l=j(I,{first:50,subjects:s.length?s:null,between:c},e=>e.auditLog);return(0,L.jsxs)(L.Fragment,{children:[(0,L.jsxs)(`div`,{className:`row`,children:[(0,L.jsx)(T,{text:(0,L.jsxs)(L.Fragment,{children:[n({id:`b0kG5w`}),s.length>0&&(0,L.jsx)(`span`,{className:`badge accent`,children:s.length})]}),label:n({id:`b0kG5w`}),children:(0,L.jsx)(O,{legend:n({id:`b0kG5w`}),values:s,options:R,onChange:e=>o({of:e})})}),(0,L.jsx)(D,{label:n({id:`ejVYRQ`}),children:e=>(0,L.jsx)(`input`,{...e,type:`date`,value:i(`from`),onChange:e=>o({from:e.target.value})})}),(0,L.jsx)(D,{label:n({id:`zDfdMJ`}),children:e=>(0,L.jsx)(`input`,{...e,type:`date`,value:i(`to`),onChange:e=>o({to:e.target.value})})}),(0,L.jsx)(`span`,{className:`muted small`,role:`status`,children:l.totalCount!=null&&(0,L.jsx)(r,{id:`7oibsn`,values:{0:l.totalCount}})}),(0,L.jsx)(`button`,{type:`button`,className:`button small`,onClick:l.again,children:(0,L.jsx)(r,{id:`I1BZ2L`})})]}),l.error&&(0,L.jsx)(S,{error:l.error,again:l.again}),(0,L.jsxs)(x,{bare:!0,children:[l.rows.length===0&&(l.isFetching?(0,L.jsx)(`div`,{className:`body`,children:(0,L.jsx)(w,{})}):(0,L.jsx)(`p`,{className:`body muted`,children:(0,L.jsx)(r,{id:`RKE/v3`})})),(0,L.jsx)(`ul`,{className:`plain-list`,children:l.rows.map(t=>(0,L.jsxs)(`li`,{children:[(0,L.jsxs)(`div`,{className:`grow`,children:[(0,L.jsx)(`strong`,{children:k(t.action)}),` `,(0,L.jsx)(`span`,{className:`badge`,children:k(t.subject)}),` `,t.subjectName,!!(t.before||t.after)&&(0,L.jsxs)(`details`,{className:`small`,children:[(0,L.jsx)(`summary`,{children:(0,L.jsx)(r,{id:`HbeFvX`})}),(0,L.jsxs)(`div`,{className:`pair`,children:[(0,L.jsx)(`pre`,{className:`payload`,tabIndex:0,children:JSON.stringify(t.before,null,2)}),(0,L.jsx)(`pre`,{className:`payload`,tabIndex:0,children:JSON.stringify(t.after,null,2)})]})]})]}),(0,L.jsxs)(`span`,{className:`muted small`,children:[t.actor.name,t.actor.ip&&` · ${t.actor.ip}`]}),(0,L.jsx)(`span`,{className:`muted small`,children:e(t.at)})]},t.id))}),l.hasMore&&(0,L.jsx)(`div`,{className:`body`,children:(0,L.jsx)(`button`,{type:`button`,className:`button small`,onClick:l.more,children:(0,L.jsx)(r,{id:`fMPkxb`})})})]})]})}var B=[`TEAM_MEMBER`,`LEADER`,`ADMIN`];function V(){let{_:e}=t(),a=g(h()),[o]=_(),s=a&&o(`tab`)===`audit`?`audit`:`settings`,[{data:l,error:d,fetching:f},p]=c({query:N});return u(e({id:`Tz0i8g`})),(0,L.jsxs)(L.Fragment,{children:[(0,L.jsx)(C,{title:(0,L.jsx)(r,{id:`Tz0i8g`}),below:l&&(0,L.jsx)(r,{id:`3Bt8LD`,values:{0:n(l.viewer.workspace.createdAt)}})}),a&&(0,L.jsx)(v,{label:e({id:`Tz0i8g`}),tabs:[{key:`settings`,href:`/settings`,text:e({id:`pmUArF`}),current:s===`settings`},{key:`audit`,href:`/settings?tab=audit`,text:e({id:`wTcjQo`}),current:s===`audit`}]}),d&&(0,L.jsx)(S,{error:d,again:()=>p({requestPolicy:`network-only`})}),!l&&f&&(0,L.jsx)(w,{}),l&&(s===`audit`?(0,L.jsx)(z,{}):(0,L.jsxs)(`div`,{className:`form-page stack`,children:[(0,L.jsx)(H,{workspace:l.viewer.workspace,disabled:!a},JSON.stringify(l.viewer.workspace)),(0,L.jsx)(x,{title:(0,L.jsx)(r,{id:`ZfNeaW`}),children:(0,L.jsx)(`p`,{children:(0,L.jsx)(r,{id:`up+aVu`,values:{0:i(l.rateLimit.remaining),1:i(l.rateLimit.limit),2:i(l.rateLimit.restoreRate)}})})})]}))]})}function H({workspace:e,disabled:n}){let{_:i}=t(),{act:a,busy:o,problems:s}=m(),c=m(),[l,u]=(0,M.useState)(e.name),[h,g]=(0,M.useState)(e.timeZone),[_,v]=(0,M.useState)(e.currency),[S,C]=(0,M.useState)(e.phoneRegion??``),[w,T]=(0,M.useState)(e.consentPolicy),[D,O]=(0,M.useState)(e.leastRoles),[j,N]=(0,M.useState)(String(e.eventRetentionDays??``)),[I,R]=(0,M.useState)(!1),z=[[`seePersonalData`,i({id:`N++eo6`})],[`eraseMembers`,i({id:`Hp6da2`})],[`suppressAddresses`,i({id:`letb24`})],[`seeImportsOfOthers`,i({id:`sWV/Ym`})]];async function V(){let{__typename:t,...n}=D,r={...l!==e.name&&{name:l},...h!==e.timeZone&&{timeZone:h},..._!==e.currency&&{currency:_},...S!==(e.phoneRegion??``)&&{phoneRegion:S},...w!==e.consentPolicy&&{consentPolicy:w},leastRoles:n},o=await a(P,{input:r});o&&A(o.recalculating?i({id:`PPWlGc`,values:{0:o.recalculating}}):i({id:`idD8Ev`}))}async function H(){let e=await c.act(F,{input:{days:j.trim()?Number(j):null}});return e&&A(i({id:`idD8Ev`})),!!e}return(0,L.jsxs)(L.Fragment,{children:[(0,L.jsx)(x,{title:(0,L.jsx)(r,{id:`pmUArF`}),children:(0,L.jsx)(y,{onSubmit:()=>void V(),children:(0,L.jsxs)(`fieldset`,{className:`picker stack`,disabled:n,children:[(0,L.jsxs)(`div`,{className:`pair`,children:[(0,L.jsx)(f,{label:i({id:`6YtxFj`}),value:l,onChange:u,problems:s,name:`name`}),(0,L.jsx)(f,{label:i({id:`Mz2JN2`}),value:h,onChange:g,problems:s,name:`timeZone`,hint:i({id:`KVNzf9`,values:{0:`Europe/Berlin`}})}),(0,L.jsx)(f,{label:i({id:`Q2lUR2`}),value:_,onChange:v,problems:s,name:`currency`,hint:i({id:`KVNzf9`,values:{0:`EUR`}})}),(0,L.jsx)(f,{label:i({id:`Fq5jLA`}),value:S,onChange:C,problems:s,name:`phoneRegion`,hint:i({id:`KVNzf9`,values:{0:`DE`}})}),(0,L.jsx)(p,{label:i({id:`t1kADn`}),value:w,options:[[`OPT_OUT`,i({id:`UXalpi`})],[`OPT_IN`,i({id:`LCSLUG`})]],onChange:T})]}),(0,L.jsx)(`h3`,{children:(0,L.jsx)(r,{id:`JqnnOH`})}),(0,L.jsx)(`div`,{className:`pair`,children:z.map(([e,t])=>(0,L.jsx)(p,{label:t,value:D[e],options:B.map(e=>[e,k(e)]),onChange:t=>O({...D,[e]:t})},e))}),(0,L.jsx)(b,{of:d(s,`name`,`timeZone`,`currency`,`phoneRegion`)}),!n&&(0,L.jsx)(`div`,{children:(0,L.jsx)(`button`,{type:`submit`,className:`button primary`,disabled:o,children:(0,L.jsx)(r,{id:`tfDRzk`})})})]})})}),(0,L.jsx)(x,{title:(0,L.jsx)(r,{id:`x1slOw`}),children:(0,L.jsx)(y,{onSubmit:()=>j.trim()?R(!0):void H(),children:(0,L.jsxs)(`fieldset`,{className:`picker stack`,disabled:n,children:[(0,L.jsx)(f,{label:i({id:`HuVZMK`}),type:`number`,value:j,onChange:N,problems:c.problems,name:`days`,hint:i({id:`vbCMR+`})}),(0,L.jsx)(b,{of:d(c.problems,`days`)}),!n&&(0,L.jsx)(`div`,{children:(0,L.jsx)(`button`,{type:`submit`,className:`button`,disabled:c.busy,children:(0,L.jsx)(r,{id:`tfDRzk`})})})]})})}),I&&(0,L.jsx)(E,{title:i({id:`SRYuuV`}),action:(0,L.jsx)(r,{id:`SRYuuV`}),danger:!0,problems:c.problems,onConfirm:H,onClose:()=>R(!1),children:(0,L.jsx)(`p`,{children:(0,L.jsx)(r,{id:`ngHruz`,values:{days:j}})})})]})}export{V as default};