const __vite__mapDeps=(i,m=__vite__mapDeps,d=(m.f||(m.f=["./chart-BLmJtV0g.js","./format-B1OO-XtF.js","./react-DgRzD9U8.js","./chart-BaNYEgHE.css"])))=>i.map(i=>d[i]);
import{_ as e,a as t,f as n,i as r,l as i,m as a,n as o,o as s,p as c,r as l,s as u,t as d,y as f}from"./index-CmT5V6Qf.js";import{a as p,f as m,h,m as g,o as _,r as v,s as y,t as b}from"./format-B1OO-XtF.js";import{n as x,o as S,t as C}from"./react-DgRzD9U8.js";import{i as w,r as T,t as E}from"./gql-DU--stH6.js";import{E as D,T as O,_ as ee,b as te,c as k,d as A,g as j,h as M,i as N,j as P,l as F,m as I,n as L,p as R,r as ne,s as re,t as ie,u as ae,w as z,x as oe,y as B}from"./parts-tJa0kMNJ.js";import{a as se,r as V}from"./events-DBEx8dNs.js";import{a as H,i as ce,o as U}from"./viewer-B9nrfY2N.js";import{t as W}from"./pages-BfzsN6zb.js";import{t as G}from"./url-DJJ9x0Zw.js";import{n as le}from"./values-DOXuWScq.js";import{n as ue,r as K}from"./toasts-1zWCe_Gp.js";import{o as de}from"./members-DTuq6l_w.js";import{t as fe}from"./grid-TTHERgTR.js";var q=S(C(),1),J=x();function pe({label:e,value:t,options:n,onChange:r}){return(0,J.jsx)(`span`,{className:`choices`,role:`group`,"aria-label":e,children:n.map(([e,n])=>(0,J.jsx)(`button`,{type:`button`,"aria-pressed":e===t,onClick:()=>r(e),children:n},e))})}var me=E(`
  query SegmentRuns($id: ID!, $first: Int!, $after: String) {
    segment(id: $id) {
      id
      runs(first: $first, after: $after) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          id
          trigger
          status
          startedAt
          finishedAt
          memberCount
          entered
          exited
          error {
            message
          }
        }
      }
    }
  }
`),he=E(`
  query SegmentChanges($id: ID!, $first: Int!, $after: String, $direction: MembershipDirection) {
    segment(id: $id) {
      id
      membershipChanges(first: $first, after: $after, direction: $direction) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          at
          direction
          trigger
          sources
          playbooks {
            id
            name
          }
          member {
            id
            name
            externalId
          }
        }
      }
    }
  }
`),ge=E(`
  query SegmentDeliveries($id: ID!, $first: Int!, $after: String) {
    deliveries(segmentId: $id, first: $first, after: $after) {
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
        rejectedCount
        asOf
        retryAt
        createdAt
        destination {
          id
          name
        }
        error {
          message
        }
      }
    }
  }
`),_e=E(`
  query SegmentAudit($id: ID!, $first: Int!, $after: String) {
    auditLog(subjectId: $id, first: $first, after: $after) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        id
        at
        action
        before
        after
        actor {
          name
        }
      }
    }
  }
`),Y=15;function ve({id:e}){let t=U();return(0,J.jsxs)(`div`,{className:`overview`,children:[(0,J.jsx)(ye,{id:e}),(0,J.jsx)(be,{id:e}),(0,J.jsx)(xe,{id:e}),ce(t,`ADMINISTER`)&&(0,J.jsx)(Se,{id:e})]})}function X({pages:e,empty:t}){return(0,J.jsxs)(J.Fragment,{children:[e.error&&(0,J.jsx)(F,{error:e.error,again:e.again}),e.rows.length===0&&!e.error&&(e.isFetching?(0,J.jsx)(`div`,{className:`body`,children:(0,J.jsx)(R,{rows:3})}):(0,J.jsx)(`p`,{className:`body muted`,children:t})),e.hasMore&&(0,J.jsxs)(`div`,{className:`body`,children:[(0,J.jsx)(`button`,{type:`button`,className:`button small`,onClick:e.more,children:(0,J.jsx)(g,{id:`fMPkxb`})}),` `,(0,J.jsx)(`span`,{className:`muted small`,children:(0,J.jsx)(g,{id:`S6weo+`,values:{0:e.totalCount??0}})})]})]})}function ye({id:e}){let{_:t}=h(),n=W(me,{id:e,first:Y},e=>e.segment?.runs,{refreshedBy:[`REACH_READY`,`REACH_FAILED`]});return(0,J.jsxs)(N,{title:(0,J.jsx)(g,{id:`gCFjVx`}),bare:!0,children:[n.rows.length>0&&(0,J.jsx)(`div`,{className:`scroll`,tabIndex:0,role:`group`,"aria-label":t({id:`gCFjVx`}),children:(0,J.jsxs)(`table`,{children:[(0,J.jsx)(`thead`,{children:(0,J.jsxs)(`tr`,{children:[(0,J.jsx)(`th`,{className:`short`,children:(0,J.jsx)(g,{id:`JEGlfK`})}),(0,J.jsx)(`th`,{children:(0,J.jsx)(g,{id:`uAQUqI`})}),(0,J.jsx)(`th`,{className:`short`,children:(0,J.jsx)(g,{id:`sJmqJB`})}),(0,J.jsx)(`th`,{className:`number`,children:(0,J.jsx)(g,{id:`wlQNTg`})}),(0,J.jsx)(`th`,{className:`number`,children:(0,J.jsx)(g,{id:`Xz186A`})}),(0,J.jsx)(`th`,{className:`number`,children:(0,J.jsx)(g,{id:`e8NxW1`})})]})}),(0,J.jsx)(`tbody`,{children:n.rows.map(e=>(0,J.jsxs)(`tr`,{children:[(0,J.jsx)(`td`,{className:`short`,title:p(e.startedAt),children:b(e.startedAt)}),(0,J.jsxs)(`td`,{children:[(0,J.jsx)(B,{of:e.status}),` `,e.error?.message]}),(0,J.jsx)(`td`,{className:`short`,children:z(e.trigger)}),(0,J.jsx)(`td`,{className:`number`,children:v(e.memberCount)}),(0,J.jsx)(`td`,{className:`number`,children:v(e.entered)}),(0,J.jsx)(`td`,{className:`number`,children:v(e.exited)})]},e.id))})]})}),(0,J.jsx)(X,{pages:n,empty:(0,J.jsx)(g,{id:`WdBSYp`})})]})}function be({id:e}){let{_:t}=h(),[n,,r]=G(),i=n(`moved`)===`ENTERED`||n(`moved`)===`EXITED`?n(`moved`):``,a=W(he,{id:e,first:Y,direction:i||null},e=>e.segment?.membershipChanges,{refreshedBy:[`MEMBERS_ENTERED`,`MEMBERS_EXITED`]});return(0,J.jsxs)(N,{title:(0,J.jsx)(g,{id:`vlQufF`}),bare:!0,side:(0,J.jsx)(pe,{label:t({id:`8vETh9`}),value:i,options:[[``,t({id:`njBeMm`})],[`ENTERED`,z(`ENTERED`)],[`EXITED`,z(`EXITED`)]],onChange:e=>r({moved:e})}),children:[(0,J.jsx)(`ul`,{className:`plain-list`,children:a.rows.map(e=>(0,J.jsxs)(`li`,{children:[(0,J.jsx)(`span`,{className:`badge ${e.direction===`ENTERED`?`good`:`bad`}`,children:z(e.direction)}),(0,J.jsx)(D,{href:`/members/${e.member.id}`,className:`grow`,children:e.member.name??e.member.externalId}),(0,J.jsxs)(`span`,{className:`muted small`,children:[[...(e.sources??[]).filter(t=>t!==`PLAYBOOK`||!e.playbooks.length).map(z),...e.playbooks.map(e=>e.name)].join(`, `)||z(e.trigger),`, `,(0,J.jsx)(`span`,{title:p(e.at),children:b(e.at)})]})]},`${e.member.id}${e.at}${e.direction}`))}),(0,J.jsx)(X,{pages:a,empty:(0,J.jsx)(g,{id:`X4WLQH`})})]})}function xe({id:e}){let{_:t}=h(),n=W(ge,{id:e,first:Y},e=>e.deliveries,{refreshedBy:[`DELIVERY_CHANGED`]});return(0,J.jsxs)(N,{title:(0,J.jsx)(g,{id:`da4KrH`}),bare:!0,children:[(0,J.jsx)(`ul`,{className:`plain-list`,children:n.rows.map(e=>(0,J.jsxs)(`li`,{children:[(0,J.jsxs)(`div`,{className:`grow stack tight`,children:[(0,J.jsxs)(`span`,{className:`row`,children:[(0,J.jsx)(D,{href:`/destinations/${e.destination.id}`,children:e.destination.name}),(0,J.jsx)(B,{of:e.status}),e.status===`BUILDING`&&(0,J.jsx)(j,{value:e.progress,label:t({id:`Y6b+Zs`,values:{0:e.destination.name}})})]}),(0,J.jsxs)(`span`,{className:`muted small`,children:[e.listName??`–`,e.asOf&&`, ${t({id:`5J3fTH`})} ${p(e.asOf)}`]}),e.error&&(0,J.jsxs)(`span`,{className:`wrong small`,children:[e.error.message,e.retryAt&&` ${t({id:`3hmbqo`,values:{0:b(e.retryAt)}})}`]})]}),(0,J.jsxs)(`span`,{className:`number small`,children:[v(e.deliveredCount),e.memberCount!=null&&` / ${v(e.memberCount)}`]})]},e.id))}),(0,J.jsx)(X,{pages:n,empty:(0,J.jsx)(g,{id:`5MSeMz`})})]})}function Se({id:e}){let t=W(_e,{id:e,first:Y},e=>e.auditLog,{refreshedBy:[`SEGMENT_UPDATED`,`SEGMENT_ARCHIVED`]});return(0,J.jsxs)(N,{title:(0,J.jsx)(g,{id:`n8NdMn`}),bare:!0,children:[(0,J.jsx)(`ul`,{className:`plain-list`,children:t.rows.map(e=>(0,J.jsxs)(`li`,{children:[(0,J.jsxs)(`div`,{className:`grow stack tight`,children:[(0,J.jsxs)(`span`,{children:[(0,J.jsx)(`strong`,{children:z(e.action)}),` `,(0,J.jsx)(`span`,{className:`muted`,children:(0,J.jsx)(g,{id:`t490IT`,values:{0:e.actor.name}})})]}),(0,J.jsx)(Ce,{before:e.before,after:e.after})]}),(0,J.jsx)(`span`,{className:`muted small`,title:p(e.at),children:b(e.at)})]},e.id))}),(0,J.jsx)(X,{pages:t,empty:(0,J.jsx)(g,{id:`iaX83X`})})]})}function Ce({before:e,after:t}){let n=e??{},r=t??{},i=[...new Set([...Object.keys(n),...Object.keys(r)])].filter(e=>JSON.stringify(n[e])!==JSON.stringify(r[e]));if(!i.length)return null;let a=e=>{let t=typeof e==`object`&&e&&!Array.isArray(e)?JSON.stringify(e):le(e);return t.length>90?`${t.slice(0,90)}…`:t};return(0,J.jsxs)(`span`,{className:`muted small`,style:{overflowWrap:`anywhere`},children:[i.slice(0,4).map(e=>e in n?`${e}: ${a(n[e])} → ${a(r[e])}`:`${e}: ${a(r[e])}`).join(` · `),i.length>4&&` …`]})}var we=E(`
  query SegmentAutomation($id: ID!) {
    segment(id: $id) {
      id
      type
      criteriaSentence
      syncInterval
      nextSyncAt
      freshness {
        asOf
        lagSeconds
        pendingChanges
      }
      sources {
        kind
        memberCount
        blockedCount
        playbook {
          id
          name
          status
          criteriaSentence
        }
      }
    }
  }
`);function Te(e){let[,t,n,r]=/^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?/.exec(e)??[];return[t&&`${t} d`,n&&`${n} h`,r&&`${r} min`].filter(Boolean).join(` `)||e}function Ee({id:e}){let{_:t}=h(),[{data:n,error:r,fetching:a},s]=w({query:we,variables:{id:e}}),c=()=>s({requestPolicy:`network-only`});V([`PLAYBOOK_CHANGED`,`SEGMENT_UPDATED`,`REACH_READY`],c);let l=n?.segment;if(!l)return r?(0,J.jsx)(F,{error:r,again:c}):a?(0,J.jsx)(R,{rows:6}):null;let{freshness:u,sources:d}=l,f={CRITERIA:l.criteriaSentence??t({id:`ghXVnh`}),MANUAL:t({id:`/g9Mx8`}),IMPORT:t({id:`7C8QJl`}),PLAYBOOK:``};return(0,J.jsxs)(J.Fragment,{children:[r&&(0,J.jsx)(F,{error:r,again:c}),(0,J.jsxs)(`div`,{className:`overview`,children:[(0,J.jsx)(N,{title:(0,J.jsx)(g,{id:`PHcSXF`}),bare:!0,children:(0,J.jsxs)(`ul`,{className:`plain-list`,children:[d.map((t,n)=>(0,J.jsxs)(`li`,{children:[(0,J.jsxs)(`div`,{className:`grow stack tight`,children:[(0,J.jsxs)(`span`,{className:`row`,children:[(0,J.jsx)(`strong`,{children:z(t.kind)}),t.playbook&&(0,J.jsxs)(J.Fragment,{children:[(0,J.jsx)(D,{href:`/playbooks/${t.playbook.id}`,children:t.playbook.name}),(0,J.jsx)(B,{of:t.playbook.status})]})]}),(0,J.jsx)(`span`,{className:`muted small`,children:t.playbook?t.playbook.criteriaSentence:f[t.kind]})]}),(0,J.jsxs)(`span`,{className:`number`,children:[(0,J.jsx)(g,{id:`pkIIls`,values:{0:t.memberCount}}),t.blockedCount>0&&(0,J.jsxs)(J.Fragment,{children:[(0,J.jsx)(`br`,{}),(0,J.jsx)(D,{href:`/segments/${e}/members?view=blocked`,className:`small`,children:(0,J.jsx)(g,{id:`YqjWXP`,values:{0:t.blockedCount}})})]})]})]},n)),d.length===0&&(0,J.jsx)(`li`,{className:`muted`,children:(0,J.jsx)(g,{id:`6lQgGs`})})]})}),(0,J.jsx)(N,{title:(0,J.jsx)(g,{id:`6jHUJ5`}),children:(0,J.jsx)(i,{of:[[t({id:`Ir3DTR`}),p(u.asOf)],[t({id:`RtiMut`}),v(u.pendingChanges)],[t({id:`4bTLOj`}),l.syncInterval?t({id:`vK9oeH`,values:{0:Te(l.syncInterval)}}):t({id:`xzqQyv`})],[t({id:`RZBJq5`}),l.nextSyncAt?b(l.nextSyncAt):`–`]]})}),(0,J.jsx)(N,{title:(0,J.jsx)(g,{id:`llCoKl`}),children:(0,J.jsx)(o,{id:e})})]})]})}var De=E(`
  query CompareSegments($ids: [ID!]!) {
    compareSegments(ids: $ids) {
      union
      intersection
      segments {
        memberCount
        onlyIn
        segment {
          id
          name
          kind
        }
      }
      overlaps {
        overlap
        jaccard
        first {
          id
          name
        }
        second {
          id
          name
        }
      }
      errors {
        ...Wrong
      }
    }
  }
`),Oe=E(`
  query NamesOfSegments($ids: [ID!]!) {
    nodes(ids: $ids) {
      ... on Segment {
        id
        name
      }
    }
  }
`),ke=E(`
  mutation CombineSegments($input: CombineSegmentsInput!) {
    combineSegments(input: $input) {
      segment {
        ...LiveSegment
      }
      errors {
        ...Wrong
      }
    }
  }
`);function Ae({segment:e}){let{_:t}=h(),r=U(),[,i,a]=G(),[o,s]=(0,q.useState)(null),c=i(`with`).filter(t=>t!==e.id).slice(0,2),l=[e.id,...c],[{data:u}]=w({query:Oe,variables:{ids:c},pause:!c.length}),[{data:d,error:f,fetching:p},m]=w({query:De,variables:{ids:l},pause:!c.length});se(e=>{l.includes(e.segment.id)&&e.__typename===`MembershipChanged`&&c.length&&m({requestPolicy:`network-only`})});let _=c.map(e=>({id:e,name:u?.nodes.flatMap(t=>t?.__typename===`Segment`&&t.id===e?[t.name]:[])[0]??`…`})),b=c.length?d?.compareSegments:void 0,x=l.map(e=>({segment:e})),S=b?.segments.map(e=>e.segment.name).join(`, `)??``;return(0,J.jsxs)(`div`,{className:`two`,children:[(0,J.jsxs)(N,{title:(0,J.jsx)(g,{id:`7DI7uv`}),children:[f&&(0,J.jsx)(F,{error:f,again:()=>m({requestPolicy:`network-only`})}),!c.length&&(0,J.jsx)(k,{title:(0,J.jsx)(g,{id:`T8v3DB`}),children:(0,J.jsx)(`p`,{children:(0,J.jsx)(g,{id:`4sysLp`})})}),c.length>0&&!b&&p&&(0,J.jsx)(R,{}),b&&(0,J.jsx)(M,{of:b.errors}),b&&!b.errors.length&&(0,J.jsxs)(`div`,{className:`stack`,children:[(0,J.jsx)(Fe,{of:b}),(0,J.jsx)(`div`,{className:`scroll`,children:(0,J.jsxs)(`table`,{children:[(0,J.jsx)(`thead`,{children:(0,J.jsxs)(`tr`,{children:[(0,J.jsx)(`th`,{children:(0,J.jsx)(g,{id:`RqGEko`})}),(0,J.jsx)(`th`,{className:`number`,children:(0,J.jsx)(g,{id:`wlQNTg`})}),(0,J.jsx)(`th`,{className:`number`,children:(0,J.jsx)(g,{id:`aX1fVG`})})]})}),(0,J.jsx)(`tbody`,{children:b.segments.map((e,t)=>(0,J.jsxs)(`tr`,{children:[(0,J.jsxs)(`td`,{children:[(0,J.jsx)(`i`,{className:`colour c${t}`}),(0,J.jsx)(D,{href:`/segments/${e.segment.id}`,children:e.segment.name})]}),(0,J.jsx)(`td`,{className:`number`,children:v(e.memberCount)}),(0,J.jsx)(`td`,{className:`number`,children:v(e.onlyIn)})]},e.segment.id))})]})}),(0,J.jsx)(`div`,{className:`scroll`,children:(0,J.jsxs)(`table`,{children:[(0,J.jsx)(`thead`,{children:(0,J.jsxs)(`tr`,{children:[(0,J.jsx)(`th`,{children:(0,J.jsx)(g,{id:`95IA/U`})}),(0,J.jsx)(`th`,{className:`number`,children:(0,J.jsx)(g,{id:`wlQNTg`})}),(0,J.jsx)(`th`,{className:`number`,children:(0,J.jsx)(g,{id:`SlZii8`})})]})}),(0,J.jsxs)(`tbody`,{children:[b.overlaps.map(e=>(0,J.jsxs)(`tr`,{children:[(0,J.jsxs)(`td`,{children:[e.first.name,` ∩ `,e.second.name]}),(0,J.jsx)(`td`,{className:`number`,children:v(e.overlap)}),(0,J.jsx)(`td`,{className:`number`,children:y(e.jaccard,1)})]},e.first.id+e.second.id)),b.segments.length>2&&(0,J.jsxs)(`tr`,{children:[(0,J.jsx)(`td`,{children:(0,J.jsx)(g,{id:`FEJu/N`})}),(0,J.jsx)(`td`,{className:`number`,children:v(b.intersection)}),(0,J.jsx)(`td`,{className:`number`,children:y(b.union?b.intersection/b.union:null,1)})]}),(0,J.jsxs)(`tr`,{children:[(0,J.jsx)(`td`,{children:(0,J.jsx)(g,{id:`tkKfCH`})}),(0,J.jsx)(`td`,{className:`number`,children:v(b.union)}),(0,J.jsx)(`td`,{className:`number`,children:y(1)})]})]})]})}),H(r)&&(0,J.jsxs)(`div`,{className:`row`,children:[(0,J.jsx)(`button`,{type:`button`,className:`button`,onClick:()=>s({name:t({id:`GU2tLN`,values:{names:S}}),expression:{intersect:x}}),children:(0,J.jsx)(g,{id:`M9Gn7N`})}),(0,J.jsx)(`button`,{type:`button`,className:`button`,onClick:()=>s({name:t({id:`TQ85BZ`,values:{names:S}}),expression:{union:x}}),children:(0,J.jsx)(g,{id:`Hris5O`})}),(0,J.jsx)(`button`,{type:`button`,className:`button`,onClick:()=>s({name:t({id:`8h+Fx0`,values:{0:e.name}}),expression:{subtract:x}}),children:(0,J.jsx)(g,{id:`vQaITp`,values:{0:e.name}})})]})]})]}),(0,J.jsx)(N,{title:(0,J.jsx)(g,{id:`N0ZLtF`,values:{0:e.name}}),children:(0,J.jsx)(n,{legend:t({id:`1ZTiaz`}),kind:e.kind,chosen:_,most:2,onChange:t=>a({with:t.map(e=>e.id).filter(t=>t!==e.id)})})}),o&&(0,J.jsx)(je,{...o,onClose:()=>s(null)})]})}function je({name:e,expression:t,onClose:n}){let{_:r}=h(),{act:i,busy:o,problems:l}=f(),[,u]=P(),[d,p]=(0,q.useState)(e.slice(0,200));async function m(){let e=await i(ke,{input:{name:d,expression:t}});e?.segment&&(K(r({id:`znZSML`})),u(`/segments/${e.segment.id}`))}return(0,J.jsx)(s,{title:(0,J.jsx)(g,{id:`RVeTxp`}),action:(0,J.jsx)(g,{id:`hYgDIe`}),busy:o,problems:a(l,`name`),onSubmit:()=>void m(),onClose:n,children:(0,J.jsx)(c,{label:r({id:`6YtxFj`}),value:d,onChange:p,problems:l,name:`name`,autoFocus:!0})})}function Me(e,t,n){return n>=e+t?0:n<=Math.abs(e-t)?Math.PI*Math.min(e,t)**2:e*e*Math.acos((n**2+e*e-t*t)/(2*n*e))+t*t*Math.acos((n**2+t*t-e*e)/(2*n*t))-.5*Math.sqrt((-n+e+t)*(n+e-t)*(n-e+t)*(n+e+t))}function Ne(e,t,n){if(n<=0)return e+t+6;let r=Math.abs(e-t),i=e+t;for(let a=0;a<50;a+=1){let a=(r+i)/2;Me(e,t,a)>n?r=a:i=a}return(r+i)/2}function Pe({segments:e,overlaps:t}){let n=Math.max(1,...e.map(e=>e.memberCount)),r=e=>Math.PI*110**2*e/n,i=e.map(e=>Math.max(4,Math.sqrt(r(e.memberCount)/Math.PI))),a=(n,a)=>{let o=[e[n]?.segment.id,e[a]?.segment.id],s=t.find(e=>o.includes(e.first.id)&&o.includes(e.second.id))?.overlap??0;return Ne(i[n]??0,i[a]??0,r(s))},[o=0,s=0,c]=i,l=a(0,1),u=[{x:0,y:0,r:o},{x:l,y:0,r:s}];if(c!==void 0){let e=a(0,2),t=a(1,2),n=l?(e**2-t**2+l**2)/(2*l):0,r=Math.max(-e,Math.min(e,n));u.push({x:r,y:Math.sqrt(Math.max(0,e**2-r**2)),r:c})}return u}function Fe({of:e}){let{_:t}=h(),n=Pe(e),r=Math.min(...n.map(e=>e.x-e.r))-8,i=Math.max(...n.map(e=>e.x+e.r))+8,a=Math.min(...n.map(e=>e.y-e.r))-8,o=Math.max(...n.map(e=>e.y+e.r))+8,s=e.overlaps.map(e=>t({id:`/5JyWO`,values:{0:e.first.name,1:e.second.name,2:v(e.overlap)}})).join(`. `);return(0,J.jsxs)(`figure`,{style:{margin:0},children:[(0,J.jsx)(`svg`,{className:`overlap`,viewBox:`${r} ${a} ${i-r} ${o-a}`,role:`img`,"aria-label":s,children:n.map((t,n)=>(0,J.jsx)(`circle`,{className:`c${n}`,cx:t.x,cy:t.y,r:t.r,children:(0,J.jsx)(`title`,{children:e.segments[n]?.segment.name})},n))}),n.length>2&&(0,J.jsx)(`figcaption`,{className:`muted small`,style:{textAlign:`center`},children:(0,J.jsx)(g,{id:`dhFM/j`})})]})}var Ie=6;E(`
  fragment ExplainedPart on ExplainedNode {
    sentence
    matches
    actual
    children {
      sentence
      matches
      actual
      children {
        sentence
        matches
        actual
        children {
          sentence
          matches
          actual
          children {
            sentence
            matches
            actual
            children {
              sentence
              matches
              actual
            }
          }
        }
      }
    }
  }
`);var Le=E(`
  query WhyInSegment($segmentId: ID!, $memberId: ID!) {
    member(id: $memberId) {
      id
      name
      externalId
      segmentIntervals(segmentId: $segmentId) {
        from
        to
        enteredBy
        exitedBy
      }
    }
    segment(id: $segmentId) {
      id
      name
      explain(memberId: $memberId) {
        isMember
        missing
        sources {
          kind
          linked
          blocked
          since
          playbook {
            id
            name
          }
        }
        criteria {
          ...ExplainedPart
        }
      }
    }
  }
`);function Re({of:e,level:t=1}){let{_:n}=h();return(0,J.jsxs)(`li`,{children:[(0,J.jsxs)(`span`,{children:[(0,J.jsx)(`span`,{className:`mark ${e.matches?`yes`:`no`}`,role:`img`,"aria-label":e.matches?n({id:`8Ou0p0`}):n({id:`blE7Ns`}),children:e.matches?`✓`:`✗`}),(0,J.jsxs)(`span`,{children:[e.sentence,e.actual!=null&&(0,J.jsxs)(`span`,{className:`actual`,children:[` · `,(0,J.jsx)(g,{id:`7a/Njx`,values:{0:le(e.actual)}})]})]})]}),e.children&&e.children.length>0&&(0,J.jsx)(`ul`,{className:`why`,children:e.children.map((e,n)=>(0,J.jsx)(Re,{of:e,level:t+1},n))}),t===Ie&&(0,J.jsx)(`p`,{className:`muted small`,children:(0,J.jsx)(g,{id:`E2aZBq`})})]})}function ze({segmentId:e,memberId:t,onClose:n}){let[{data:r,error:i}]=w({query:Le,variables:{segmentId:e,memberId:t},requestPolicy:`network-only`}),a=r?.segment?.explain,o=r?.member?.name??r?.member?.externalId??``;return(0,J.jsxs)(L,{wide:!0,title:a?a.isMember?(0,J.jsx)(g,{id:`9nHpDh`,values:{name:o}}):(0,J.jsx)(g,{id:`G1Qzoe`,values:{name:o}}):(0,J.jsx)(g,{id:`9BruTc`}),onClose:n,children:[i&&(0,J.jsx)(F,{error:i}),a?(0,J.jsxs)(`div`,{className:`stack`,children:[(0,J.jsxs)(`section`,{className:`stack tight`,children:[(0,J.jsx)(`h3`,{children:(0,J.jsx)(g,{id:`MR2JOZ`})}),(0,J.jsx)(`ul`,{className:`why`,children:a.sources.map((e,t)=>(0,J.jsx)(`li`,{children:(0,J.jsxs)(`span`,{children:[(0,J.jsx)(`span`,{className:`mark ${e.linked?`yes`:`no`}`,"aria-hidden":`true`,children:e.linked?`✓`:`✗`}),(0,J.jsxs)(`span`,{children:[z(e.kind),e.playbook&&(0,J.jsxs)(J.Fragment,{children:[`: `,e.playbook.name]}),` `,(0,J.jsx)(`span`,{className:`muted`,children:e.blocked?(0,J.jsx)(g,{id:`xPES9S`}):e.linked?e.since?(0,J.jsx)(g,{id:`SXxhNE`,values:{0:p(e.since)}}):(0,J.jsx)(g,{id:`s568qc`}):(0,J.jsx)(g,{id:`uHa0lu`})})]})]})},t))})]}),a.criteria&&(0,J.jsxs)(`section`,{className:`stack tight`,children:[(0,J.jsx)(`h3`,{children:(0,J.jsx)(g,{id:`AJhCxQ`})}),(0,J.jsx)(`ul`,{className:`why`,"aria-label":`Criteria`,children:(0,J.jsx)(Re,{of:a.criteria})})]}),a.missing.length>0&&(0,J.jsxs)(`section`,{className:`stack tight`,children:[(0,J.jsx)(`h3`,{children:(0,J.jsx)(g,{id:`OrntpD`})}),(0,J.jsx)(`ul`,{children:a.missing.map(e=>(0,J.jsx)(`li`,{children:e},e))})]}),r.member&&r.member.segmentIntervals.length>0&&(0,J.jsxs)(`section`,{className:`stack tight`,children:[(0,J.jsx)(`h3`,{children:(0,J.jsx)(g,{id:`JqrFvx`})}),(0,J.jsx)(`ul`,{children:r.member.segmentIntervals.map(e=>(0,J.jsxs)(`li`,{children:[p(e.from),` – `,e.to?p(e.to):(0,J.jsx)(g,{id:`YwzE9K`})]},e.from))})]}),(0,J.jsx)(`p`,{children:(0,J.jsx)(D,{href:`/members/${t}`,children:(0,J.jsx)(g,{id:`cb/NNi`})})})]}):!i&&(r?(0,J.jsx)(`p`,{children:(0,J.jsx)(g,{id:`ZEgO/s`})}):(0,J.jsx)(R,{}))]})}E(`
  fragment MemberRow on Member {
    id
    externalId
    name
    email
    phone
    domain
    country
    city
    postalCode
    industry
    employees
    revenue
    score
    tags
    attributes
    createdAt
    updatedAt
  }
`);var Be=E(`
  query SegmentMembers($id: ID!, $first: Int!, $after: String, $search: String, $orderBy: MemberOrder) {
    segment(id: $id) {
      id
      members(first: $first, after: $after, search: $search, orderBy: $orderBy) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          ...MemberRow
        }
      }
    }
  }
`),Ve=E(`
  query SegmentMembersAt($id: ID!, $at: DateTime!, $first: Int!, $after: String) {
    segment(id: $id) {
      id
      membershipAt(at: $at, first: $first, after: $after) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          ...MemberRow
        }
      }
    }
  }
`),He=E(`
  query SegmentBlocked($id: ID!, $first: Int!, $after: String) {
    segment(id: $id) {
      id
      blockedMembers(first: $first, after: $after) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          sources
          playbooks {
            id
            name
          }
          node {
            ...MemberRow
          }
        }
      }
    }
  }
`),Ue=E(`
  query MembersToAdd($kind: MemberKind!, $search: String) {
    members(kind: $kind, first: 30, search: $search) {
      nodes {
        id
        name
        externalId
        email
        country
      }
    }
  }
`),We=E(`
  mutation AddMembersToSegment($input: SegmentMembersInput!) {
    addSegmentMembers(input: $input) {
      changed
      alreadyDone
      notFound
      segments {
        ...LiveSegment
      }
      errors {
        ...Wrong
      }
    }
  }
`),Ge=E(`
  mutation RemoveMembersOfSegment($input: SegmentMembersInput!) {
    removeSegmentMembers(input: $input) {
      changed
      alreadyDone
      segments {
        ...LiveSegment
      }
      errors {
        ...Wrong
      }
    }
  }
`),Ke=E(`
  mutation GiveMembersBack($input: SegmentMembersInput!) {
    unblockSegmentMembers(input: $input) {
      changed
      segments {
        ...LiveSegment
      }
      errors {
        ...Wrong
      }
    }
  }
`),qe=100,Je=[`email`,`country`,`city`,`industry`,`employees`,`score`,`tags`],Z=e=>e.name??e.externalId;function Ye(e){let{_:t}=h(),{currency:n}=U().workspace,[{data:r}]=w({query:de,variables:{kind:e}});return[{key:`externalId`,title:t({id:`6F3V0+`}),width:`140px`,sort:`externalId`,cell:e=>e.externalId},{key:`email`,title:t({id:`O3oNi5`}),width:`minmax(200px, 1.4fr)`,sort:`email`,cell:e=>e.email??`–`},{key:`phone`,title:t({id:`zmwvG2`}),width:`150px`,cell:e=>e.phone??`–`},{key:`domain`,title:t({id:`EoKe5U`}),width:`170px`,sort:`domain`,cell:e=>e.domain??`–`},{key:`country`,title:t({id:`JNCzPW`}),width:`96px`,sort:`country`,cell:e=>e.country??`–`},{key:`city`,title:t({id:`3wV73y`}),width:`130px`,sort:`city`,cell:e=>e.city??`–`},{key:`postalCode`,title:t({id:`U4aiMW`}),width:`110px`,cell:e=>e.postalCode??`–`},{key:`industry`,title:t({id:`S8gy7K`}),width:`140px`,sort:`industry`,cell:e=>e.industry??`–`},{key:`employees`,title:t({id:`gqv5ZL`}),width:`110px`,number:!0,sort:`employees`,cell:e=>v(e.employees)},{key:`revenue`,title:t({id:`8YBH95`}),width:`150px`,number:!0,sort:`revenue`,cell:e=>_(e.revenue,n)},{key:`score`,title:t({id:`Eq6YVV`}),width:`84px`,number:!0,sort:`score`,cell:e=>v(e.score)},{key:`tags`,title:t({id:`OYHzN1`}),width:`190px`,cell:e=>e.tags.map(e=>(0,J.jsx)(`span`,{className:`badge`,style:{marginRight:4},children:e},e))},{key:`updatedAt`,title:t({id:`QPKjtv`}),width:`170px`,sort:`updatedAt`,cell:e=>p(e.updatedAt)},...(r?.criteriaFields??[]).filter(e=>e.isCustom).map(e=>({key:`attributes.${e.name}`,title:e.label,width:`150px`,...e.type!==`STRING_LIST`&&{sort:e.name},...e.type===`NUMBER`&&{number:!0},cell:t=>le(t.attributes[e.name])}))]}var Xe=e=>`${e}T23:59:59Z`;function Ze({segment:e}){let{_:t}=h(),n=U(),[r,i,a]=G(),{id:o,kind:s}=e,c=r(`view`)===`blocked`,l=c?``:r(`at`),u=r(`search`),[d,f]=r(`sort`).split(`:`),[p,m]=(0,q.useState)(new Set),[_,y]=(0,q.useState)(null),[b,x]=(0,q.useState)(!1),S={id:o,first:qe},C=!c&&!l,w=W(Be,{...S,search:u||null,orderBy:d?{field:d,direction:f===`DESC`?`DESC`:`ASC`}:null},e=>e.segment?.members,{pause:!C}),T=W(Ve,{...S,at:Xe(l||`2000-01-01`)},e=>e.segment?.membershipAt,{pause:!l}),E=W(He,S,e=>{let t=e.segment?.blockedMembers;return t&&{...t,nodes:t.edges.map(({node:e,sources:t,playbooks:n})=>({...e,blockedBy:[...t.filter(e=>e!==`PLAYBOOK`||!n.length).map(z),...n.map(e=>e.name)].join(`, `)}))}}),A=c?E:l?T:w;se(e=>{e.__typename===`MembershipChanged`&&e.segment.id===o&&x(!0)});let j=H(n)&&e.transitions.includes(`EDIT`),M=A.rows.filter(e=>p.has(e.id)),N=()=>{m(new Set),x(!1),w.again(),E.again()},P=Ye(s),I=i(`columns`).length?i(`columns`):Je,L=[{key:`name`,title:t({id:`6YtxFj`}),width:`minmax(200px, 1.6fr)`,sort:`name`,cell:e=>(0,J.jsx)(D,{href:`/members/${e.id}`,className:`name`,title:Z(e),children:Z(e)})},{key:`why`,title:t({id:`DJlSwA`}),width:`84px`,cell:e=>(0,J.jsx)(`button`,{type:`button`,className:`button small`,"aria-label":t(c?{id:`oGsaCZ`,values:{0:Z(e)}}:{id:`vkvuQc`,values:{0:Z(e)}}),onClick:()=>a({why:e.id}),children:(0,J.jsx)(g,{id:`9BruTc`})})},...c?[{key:`blockedBy`,title:t({id:`X469Up`}),width:`190px`,cell:e=>e.blockedBy??`–`}]:[],...P.filter(e=>I.includes(e.key))],re=C?L:L.map(({sort:e,...t})=>t),ie=e=>`/segments/${o}/members${e&&`?view=${e}`}`;return(0,J.jsxs)(J.Fragment,{children:[(0,J.jsxs)(`div`,{className:`row`,children:[(0,J.jsx)(te,{label:t({id:`s3bnjE`}),tabs:[{key:`in`,href:ie(``),current:!c,text:(0,J.jsx)(g,{id:`eQXv2n`})},{key:`blocked`,href:ie(`blocked`),current:c,text:(0,J.jsxs)(J.Fragment,{children:[(0,J.jsx)(g,{id:`1bpdKR`}),E.totalCount!==null&&(0,J.jsxs)(J.Fragment,{children:[` `,(0,J.jsx)(`span`,{className:`badge`,children:v(E.totalCount)})]})]})}]}),(0,J.jsx)(`span`,{className:`grow`}),j&&!c&&(0,J.jsxs)(`button`,{type:`button`,className:`button primary`,onClick:()=>y(`add`),children:[(0,J.jsx)(O,{name:`plus`}),(0,J.jsx)(g,{id:`Gd7oV4`})]}),j&&!c&&e.type===`STATIC`&&(0,J.jsxs)(D,{href:`/imports?segment=${o}`,className:`button`,children:[(0,J.jsx)(O,{name:`imports`}),(0,J.jsx)(g,{id:`2xoyqj`})]}),H(n)&&!c&&(0,J.jsxs)(`button`,{type:`button`,className:`button`,onClick:()=>y(`export`),children:[(0,J.jsx)(O,{name:`download`}),(0,J.jsx)(g,{id:`GS+Mus`})]})]}),c&&(0,J.jsx)(`p`,{className:`muted`,children:(0,J.jsx)(g,{id:`5noxeM`})}),(0,J.jsxs)(`div`,{className:`row`,children:[C&&(0,J.jsx)(ee,{label:t({id:`AaDUlx`}),value:u,onChange:e=>a({search:e})},u?`kept`:`none`),!c&&(0,J.jsxs)(`label`,{className:`row small`,children:[(0,J.jsx)(g,{id:`UPcaBm`}),(0,J.jsx)(`input`,{type:`date`,style:{width:`auto`},max:new Date().toISOString().slice(0,10),value:l,onChange:e=>{m(new Set),a({at:e.target.value,search:``,sort:``})}})]}),l&&(0,J.jsx)(`button`,{type:`button`,className:`button small`,onClick:()=>a({at:``}),children:(0,J.jsx)(g,{id:`zVMGyu`})}),(0,J.jsx)(ne,{text:t({id:`jEu4bB`}),icon:`columns`,children:(0,J.jsx)(`div`,{style:{maxHeight:`20rem`,overflow:`auto`},role:`group`,tabIndex:0,"aria-label":t({id:`jEu4bB`}),children:P.map(e=>(0,J.jsxs)(`label`,{className:`check small`,children:[(0,J.jsx)(`input`,{type:`checkbox`,checked:I.includes(e.key),onChange:t=>a({columns:P.map(e=>e.key).filter(n=>n===e.key?t.target.checked:I.includes(n))})}),e.title]},e.key))})}),b&&C&&(0,J.jsxs)(`button`,{type:`button`,className:`button small`,onClick:()=>{x(!1),w.again()},children:[(0,J.jsx)(O,{name:`refresh`}),(0,J.jsx)(g,{id:`tCH0wd`})]}),(0,J.jsx)(`span`,{className:`muted small`,role:`status`,children:A.totalCount!=null&&(0,J.jsx)(g,{id:`pkIIls`,values:{0:A.totalCount}})})]}),A.error&&(0,J.jsx)(F,{error:A.error,again:A.again}),(0,J.jsxs)(`div`,{className:`card`,children:[M.length>0&&(0,J.jsxs)(`div`,{className:`bulk`,role:`toolbar`,"aria-label":t({id:`7LDI7J`}),children:[(0,J.jsx)(`strong`,{children:(0,J.jsx)(g,{id:`Tqs9eY`,values:{0:M.length}})}),c?(0,J.jsx)(`button`,{type:`button`,className:`button small`,onClick:()=>y(`give`),children:(0,J.jsx)(g,{id:`umWfc5`})}):(0,J.jsx)(`button`,{type:`button`,className:`button small`,onClick:()=>y(`remove`),children:(0,J.jsx)(g,{id:`UJLvOc`})}),(0,J.jsx)(`button`,{type:`button`,className:`button small plain`,onClick:()=>m(new Set),children:(0,J.jsx)(g,{id:`fenqvN`})})]}),A.rows.length>0?(0,J.jsx)(fe,{label:t({id:`wlQNTg`}),rows:A.rows,columns:re,idOf:e=>e.id,nameOf:Z,total:A.totalCount,hasMore:A.hasMore,more:A.more,onOpen:e=>a({why:e.id}),...j&&!l&&{selected:p,onSelect:m},...C&&{sort:r(`sort`),onSort:e=>a({sort:e})}}):A.isFetching?(0,J.jsx)(`div`,{style:{padding:`1rem`},children:(0,J.jsx)(R,{rows:6})}):!A.error&&(c?(0,J.jsx)(k,{title:(0,J.jsx)(g,{id:`3FItSy`})}):l?(0,J.jsx)(k,{title:(0,J.jsx)(g,{id:`9BRGVb`})}):u?(0,J.jsx)(k,{title:(0,J.jsx)(g,{id:`Ja7j+o`}),children:(0,J.jsx)(`button`,{type:`button`,className:`button`,onClick:()=>a({search:``}),children:(0,J.jsx)(g,{id:`AM3BUJ`})})}):(0,J.jsx)(k,{title:(0,J.jsx)(g,{id:`UwvrGq`}),children:(0,J.jsx)(`p`,{children:(0,J.jsx)(g,{id:`VVJy28`})})}))]}),r(`why`)&&(0,J.jsx)(ze,{segmentId:o,memberId:r(`why`),onClose:()=>a({why:``})}),_===`add`&&(0,J.jsx)(Qe,{segment:e,onClose:()=>y(null),onDone:N}),_===`remove`&&(0,J.jsx)($e,{segment:e,rows:M,onClose:()=>y(null),onDone:N}),_===`give`&&(0,J.jsx)(et,{segment:e,rows:M,onClose:()=>y(null),onDone:N}),_===`export`&&(0,J.jsx)(nt,{segment:e,columns:[`name`,...I],onClose:()=>y(null)})]})}function Qe({segment:e,onClose:t,onDone:n}){let{_:r}=h(),{act:i,busy:a,problems:o,setProblems:c}=f(),[l,u]=(0,q.useState)(``),[d,p]=(0,q.useState)(``),[m,_]=(0,q.useState)([]),[v,y]=(0,q.useState)(null),b=oe(l.trim()),[{data:x,fetching:S}]=w({query:Ue,variables:{kind:e.kind,search:b||null}}),C=x?.members.nodes??[];async function T(){let a=d.split(/[\s,;]+/).filter(Boolean);if(!m.length&&!a.length)return c([{code:`REQUIRED`,message:r({id:`9wsCC9`})}]);let o={...m.length&&{memberIds:m.map(e=>e.id)},...a.length&&{externalIds:a}},s=await i(We,{input:{segmentIds:[e.id],...o}});if(s){if(K(r({id:`o7KL0X`,values:{0:s.changed,1:s.alreadyDone}})),n(),s.notFound.length)return _([]),p(s.notFound.join(`
`)),c([{code:`NOT_FOUND`,message:r({id:`54tCyT`,values:{0:s.notFound.slice(0,5).join(`, `)}})}]);t()}}return(0,J.jsxs)(J.Fragment,{children:[(0,J.jsxs)(s,{wide:!0,title:(0,J.jsx)(g,{id:`4swgic`,values:{0:e.name}}),action:(0,J.jsx)(g,{id:`m16xKo`}),busy:a,problems:o,onSubmit:()=>void T(),onClose:t,children:[(0,J.jsxs)(`fieldset`,{className:`picker`,children:[(0,J.jsx)(`legend`,{className:`label`,children:z(e.kind)}),m.length>0&&(0,J.jsx)(`div`,{className:`chips`,children:m.map(e=>(0,J.jsxs)(`span`,{className:`chip`,children:[e.name,(0,J.jsx)(`button`,{type:`button`,"aria-label":r({id:`JLPXKu`,values:{0:e.name}}),onClick:()=>_(m.filter(t=>t.id!==e.id)),children:`×`})]},e.id))}),(0,J.jsx)(`input`,{type:`search`,"aria-label":r({id:`/lsPou`}),placeholder:r({id:`/lsPou`}),value:l,onChange:e=>u(e.target.value)}),(0,J.jsxs)(`div`,{className:`options`,role:`group`,"aria-label":r({id:`g30iVH`}),tabIndex:-1,children:[C.map(e=>(0,J.jsxs)(`div`,{className:`row`,style:{flexWrap:`nowrap`},children:[(0,J.jsxs)(`label`,{className:`check grow`,children:[(0,J.jsx)(`input`,{type:`checkbox`,checked:m.some(t=>t.id===e.id),onChange:t=>_(t.target.checked?[...m,{id:e.id,name:Z(e)}]:m.filter(t=>t.id!==e.id))}),(0,J.jsxs)(`span`,{className:`grow`,children:[Z(e),` `,(0,J.jsx)(`span`,{className:`muted small`,children:e.email??e.country})]})]}),(0,J.jsx)(`button`,{type:`button`,className:`button small plain`,"aria-label":r({id:`OSLWPP`,values:{0:Z(e)}}),onClick:()=>y(e.id),children:(0,J.jsx)(g,{id:`9BruTc`})})]},e.id)),!S&&!C.length&&(0,J.jsx)(`p`,{className:`muted small`,children:(0,J.jsx)(g,{id:`Ja7j+o`})})]})]}),(0,J.jsx)(ae,{label:(0,J.jsx)(g,{id:`ao+yYr`}),hint:(0,J.jsx)(g,{id:`zrJCvZ`}),children:e=>(0,J.jsx)(`textarea`,{...e,rows:3,value:d,onChange:e=>p(e.target.value)})})]}),v&&(0,J.jsx)(ze,{segmentId:e.id,memberId:v,onClose:()=>y(null)})]})}function $e({segment:e,rows:t,onClose:n,onDone:r}){let{_:i}=h(),{act:a,problems:o}=f();return(0,J.jsxs)(re,{title:(0,J.jsx)(g,{id:`TYhZBo`,values:{0:t.length}}),action:(0,J.jsx)(g,{id:`t/YqKh`}),danger:!0,problems:o,onClose:n,onConfirm:async()=>{let n=await a(Ge,{input:{segmentIds:[e.id],memberIds:t.map(e=>e.id)}});return n?(K(i({id:`wP2d53`,values:{0:n.changed}})),r(),!0):!1},children:[(0,J.jsx)(`p`,{children:(0,J.jsx)(g,{id:`weylVr`,values:{0:e.name}})}),(0,J.jsxs)(`p`,{className:`muted`,children:[t.slice(0,8).map(Z).join(`, `),t.length>8&&` …`]})]})}function et({segment:e,rows:t,onClose:n,onDone:r}){let{_:i}=h(),{act:a,problems:o}=f();return(0,J.jsx)(re,{title:(0,J.jsx)(g,{id:`q+yX+0`,values:{0:t.length}}),action:(0,J.jsx)(g,{id:`Cw8/fY`}),problems:o,onClose:n,onConfirm:async()=>{let n=await a(Ke,{input:{segmentIds:[e.id],memberIds:t.map(e=>e.id)}});return n?(K(i({id:`33KdZV`,values:{0:n.changed}})),r(),!0):!1},children:(0,J.jsx)(`p`,{children:(0,J.jsx)(g,{id:`1NSeZ3`,values:{0:e.name}})})})}var tt=[`EMAIL`,`DIRECT_MAIL`,`SMS`,`PHONE`,`PUSH`];function nt({segment:t,columns:n,onClose:r}){let{_:i}=h(),a=T(),[o,s]=(0,q.useState)(`CSV`),[c,l]=(0,q.useState)(``),[d,f]=(0,q.useState)(`all`),[p,m]=(0,q.useState)(!1),[_,v]=(0,q.useState)(!1),[y,b]=(0,q.useState)(null);async function x(){v(!0),b(null);let s=await e(a,t.id,{format:o,...c&&{channel:c,distinctAddresses:p},...d===`shown`&&{columns:n.map(e=>e.replace(/^attributes\./,``))}});v(!1),s===null?(K(i({id:`jJ4fo1`,values:{0:t.name}})),r()):(b(s),ue(s))}return(0,J.jsxs)(L,{title:(0,J.jsx)(g,{id:`ulRS22`,values:{0:t.name}}),onClose:r,children:[(0,J.jsx)(u,{label:i({id:`wlQNTg`}),value:c,options:[[``,i({id:`N40H+G`})],...tt.map(e=>[e,i({id:`0jV1rv`,values:{0:z(e)}})])],onChange:l}),c&&(0,J.jsxs)(`label`,{className:`check`,children:[(0,J.jsx)(`input`,{type:`checkbox`,checked:p,onChange:e=>m(e.target.checked)}),(0,J.jsx)(g,{id:`S6OuC7`})]}),(0,J.jsx)(u,{label:i({id:`jEu4bB`}),value:d,options:[[`all`,i({id:`bLre1i`})],[`shown`,i({id:`pUol2U`})]],onChange:f}),(0,J.jsx)(u,{label:i({id:`J2eKUI`}),value:o,options:[[`CSV`,i({id:`nCpfR8`})],[`PLAIN_CSV`,i({id:`/wBgGL`})],[`JSON_LINES`,i({id:`Ddb7OB`})]],onChange:s}),y!==null&&(0,J.jsx)(M,{of:[{code:`FAILED`,message:y}]}),(0,J.jsxs)(`div`,{className:`ends`,children:[(0,J.jsx)(`button`,{type:`button`,className:`button`,onClick:r,children:(0,J.jsx)(g,{id:`dEgA5A`})}),(0,J.jsx)(`button`,{type:`button`,className:`button primary`,disabled:_,onClick:()=>void x(),children:_?(0,J.jsx)(g,{id:`TgPrZb`}):(0,J.jsx)(g,{id:`GS+Mus`})})]})]})}var rt=40;function Q({name:e,steps:t}){let{_:n}=h();if(!t.length)return(0,J.jsxs)(`div`,{className:`stack tight`,children:[(0,J.jsx)(`h3`,{children:e}),(0,J.jsx)(`p`,{className:`muted`,children:(0,J.jsx)(g,{id:`RQOyvy`})})]});let r=t[0]?.remaining||1,i=t.at(-1)?.remaining??0,a=e=>`${100*e/r}%`,o=[...t.map(e=>({key:e.reason,text:z(e.reason),number:e.reason===`MEMBERS`?v(e.remaining):e.dropped?`−${v(e.dropped)}`:v(0),remaining:e.reason===`MEMBERS`?e.remaining:0,from:e.remaining,dropped:e.dropped})),{key:`REACHED`,text:n({id:`7G/3Eh`}),number:`${v(i)} · ${y(t[0]?.remaining?i/t[0].remaining:null)}`,remaining:i,from:0,dropped:0}];return(0,J.jsxs)(`figure`,{className:`waterfall`,children:[(0,J.jsx)(`figcaption`,{children:(0,J.jsx)(`h3`,{children:e})}),(0,J.jsx)(`svg`,{width:`100%`,height:o.length*rt,role:`img`,"aria-label":o.map(e=>`${e.text} ${e.number}`).join(`, `),children:o.map((e,t)=>(0,J.jsxs)(`g`,{transform:`translate(0 ${t*rt})`,children:[(0,J.jsx)(`text`,{x:`0`,y:`13`,children:e.text}),(0,J.jsx)(`text`,{x:`100%`,y:`13`,textAnchor:`end`,className:`amount`,children:e.number}),(0,J.jsx)(`rect`,{x:`0`,y:`19`,width:`100%`,height:`12`,rx:`3`,className:`ground`}),e.remaining>0&&(0,J.jsx)(`rect`,{x:`0`,y:`19`,width:a(e.remaining),height:`12`,rx:`3`,className:e.key===`REACHED`?`reached`:`whole`}),e.dropped>0&&(0,J.jsx)(`rect`,{x:a(e.from),y:`19`,width:a(e.dropped),height:`12`,rx:`2`,className:`dropped`}),t>0&&e.key!==`REACHED`&&(0,J.jsx)(`line`,{x1:a(e.from),x2:a(e.from),y1:`19`,y2:59,className:`edge`})]},e.key))})]})}var it=(0,q.lazy)(()=>m(()=>import(`./chart-BLmJtV0g.js`),__vite__mapDeps([0,1,2,3]),import.meta.url)),at=E(`
  query SegmentOverview($id: ID!, $day: Date!, $since: DateTime!, $interval: HistoryInterval!) {
    segment(id: $id) {
      id
      name
      kind
      memberCount
      campaignCount
      criteriaSentence
      criteriaText
      reach {
        status
        total
        email
        directMail
        sms
        phone
        push
        asOf
        progress
        error {
          code
          message
          at
        }
        waterfallEmail: waterfall(channel: EMAIL) {
          reason
          remaining
          dropped
        }
        waterfallMail: waterfall(channel: DIRECT_MAIL) {
          reason
          remaining
          dropped
        }
        waterfallSms: waterfall(channel: SMS) {
          reason
          remaining
          dropped
        }
        waterfallPhone: waterfall(channel: PHONE) {
          reason
          remaining
          dropped
        }
      }
      value {
        revenue
        orders
        averageOrderValue
        customerLifetimeValue
        orderLatencyDays
        asOf
      }
      metrics(from: $day) {
        totals {
          spend
          impressions
          clicks
          conversions
          ctr
          cpc
          campaignCount
        }
        series(interval: $interval) {
          day
          spend
          impressions
          clicks
          ctr
          cpc
        }
        byCampaign {
          campaign {
            id
            name
            status
          }
          totals {
            spend
            impressions
            clicks
            ctr
            cpc
          }
        }
      }
      sizeHistory(from: $since, interval: $interval) {
        at
        memberCount
        entered
        exited
      }
    }
  }
`),ot={30:`DAY`,90:`DAY`,365:`WEEK`},$=[`spend`,`impressions`,`clicks`,`ctr`,`cpc`];function st(e){let t=new Date;return t.setUTCDate(t.getUTCDate()-e+1),t.toISOString().slice(0,10)}function ct({id:e}){let{_:t}=h(),[n,,r]=G(),i=n(`days`)in ot?n(`days`):`30`,a=st(Number(i)),[{data:s,error:c,fetching:l},u]=w({query:at,variables:{id:e,day:a,since:`${a}T00:00:00Z`,interval:ot[i]}}),f=()=>u({requestPolicy:`network-only`});V([`METRICS_CHANGED`,`CAMPAIGN_CHANGED`],f),se(t=>{t.segment.id===e&&(t.__typename===`ReachChanged`||t.__typename===`MembershipChanged`)&&f()});let p=s?.segment;if(!p)return c?(0,J.jsx)(F,{error:c,again:f}):l?(0,J.jsx)(R,{rows:6}):null;let m=(0,J.jsx)(pe,{label:t({id:`fUMYiE`}),value:i,options:[[`30`,t({id:`P9cEa2`})],[`90`,t({id:`h28hXf`})],[`365`,t({id:`+N7uug`})]],onChange:e=>r({days:e})});return(0,J.jsxs)(J.Fragment,{children:[c&&(0,J.jsx)(F,{error:c,again:f}),(0,J.jsxs)(`div`,{className:`figures`,children:[(0,J.jsx)(A,{label:(0,J.jsx)(g,{id:`wlQNTg`}),children:v(p.memberCount)}),(0,J.jsx)(A,{label:(0,J.jsx)(g,{id:`nj7xH+`}),children:(0,J.jsx)(d,{row:p})}),(0,J.jsx)(A,{label:(0,J.jsx)(g,{id:`O3oNi5`}),children:v(p.reach.email)}),(0,J.jsx)(A,{label:(0,J.jsx)(g,{id:`a1ZtRX`}),children:v(p.reach.directMail)}),(0,J.jsx)(A,{label:(0,J.jsx)(g,{id:`TEERTx`}),children:v(p.reach.sms)}),(0,J.jsx)(A,{label:(0,J.jsx)(g,{id:`zmwvG2`}),children:v(p.reach.phone)}),(0,J.jsx)(A,{label:(0,J.jsx)(g,{id:`uO9WLl`}),children:v(p.reach.push)})]}),(0,J.jsxs)(`div`,{className:`overview`,children:[(0,J.jsx)(N,{title:(0,J.jsx)(g,{id:`Cj2Gtd`}),side:m,children:(0,J.jsx)(lt,{points:p.sizeHistory})}),(0,J.jsx)(ut,{segment:p}),(0,J.jsx)(N,{title:(0,J.jsx)(g,{id:`MLmRoX`}),children:(0,J.jsxs)(`div`,{className:`stack tight`,children:[(0,J.jsx)(`p`,{className:`sentence`,children:p.criteriaSentence??(0,J.jsx)(g,{id:`2hmCeK`})}),p.criteriaText&&(0,J.jsxs)(`details`,{children:[(0,J.jsx)(`summary`,{children:(0,J.jsx)(g,{id:`OzigGW`})}),(0,J.jsx)(`pre`,{style:{whiteSpace:`pre-wrap`,margin:`0.5rem 0 0`},children:p.criteriaText})]})]})}),(0,J.jsx)(dt,{segment:p}),(0,J.jsx)(N,{title:(0,J.jsx)(g,{id:`llCoKl`}),children:(0,J.jsx)(o,{id:e})}),(0,J.jsx)(N,{title:(0,J.jsx)(g,{id:`9wXD5O`}),children:(0,J.jsxs)(`div`,{className:`waterfalls`,children:[(0,J.jsx)(Q,{name:t({id:`O3oNi5`}),steps:p.reach.waterfallEmail}),(0,J.jsx)(Q,{name:t({id:`a1ZtRX`}),steps:p.reach.waterfallMail}),(0,J.jsx)(Q,{name:t({id:`TEERTx`}),steps:p.reach.waterfallSms}),(0,J.jsx)(Q,{name:t({id:`zmwvG2`}),steps:p.reach.waterfallPhone})]})})]})]})}function lt({points:e}){let{_:t}=h();if(!e.length)return(0,J.jsx)(k,{title:(0,J.jsx)(g,{id:`wNFhdi`}),children:(0,J.jsx)(`p`,{children:(0,J.jsx)(g,{id:`pZjwxJ`})})});let n=e=>v(e),r=e=>e?`${e>0?`+`:`−`}${v(Math.abs(e))}`:v(e);return(0,J.jsx)(q.Suspense,{fallback:(0,J.jsx)(R,{}),children:(0,J.jsx)(it,{label:t({id:`4i7r/h`}),times:e.map(e=>e.at),panes:[{height:170,series:[{label:t({id:`wlQNTg`}),tone:`accent`,as:`area`,values:e.map(e=>e.memberCount),text:n}]},{height:110,series:[{label:t({id:`Xz186A`}),tone:`good`,as:`bars`,values:e.map(e=>e.entered),text:r},{label:t({id:`e8NxW1`}),tone:`bad`,as:`bars`,values:e.map(e=>e.exited?-e.exited:0),text:r}]}]})})}function ut({segment:e}){let{_:t}=h(),[n,,r]=G(),i=U(),{currency:a}=i.workspace,{totals:o,series:s,byCampaign:c}=e.metrics,l=$.includes(n(`metric`))?n(`metric`):`spend`,u={spend:t({id:`GACGlU`}),impressions:t({id:`bilXG8`}),clicks:t({id:`V+2S0W`}),ctr:t({id:`weNIXK`}),cpc:t({id:`aDnWoi`})},d=(e,t)=>t==null?`–`:e===`spend`||e===`cpc`?_(String(t),a):e===`ctr`?y(Number(t),2):v(Number(t));return(0,J.jsx)(N,{title:(0,J.jsx)(g,{id:`oRJtCM`}),side:(0,J.jsx)(`span`,{className:`muted small`,children:(0,J.jsx)(g,{id:`Tabljp`})}),children:(0,J.jsxs)(`div`,{className:`stack`,children:[(0,J.jsxs)(`div`,{className:`figures small-figures`,children:[(0,J.jsx)(A,{label:t({id:`oRJtCM`}),children:v(o.campaignCount)}),$.map(e=>(0,J.jsx)(A,{label:u[e],children:d(e,o[e])},e))]}),s.length?(0,J.jsxs)(J.Fragment,{children:[(0,J.jsx)(pe,{label:t({id:`cKPNsB`}),value:l,options:$.map(e=>[e,u[e]]),onChange:e=>r({metric:e})}),(0,J.jsx)(q.Suspense,{fallback:(0,J.jsx)(R,{}),children:(0,J.jsx)(it,{label:u[l],times:s.map(e=>`${e.day}T00:00:00Z`),panes:[{height:190,series:[{label:u[l],tone:`accent`,as:l===`ctr`||l===`cpc`?`line`:`bars`,values:s.map(e=>e[l]==null?null:Number(e[l])),text:e=>d(l,e)}]}]})})]}):(0,J.jsxs)(`p`,{className:`muted uses`,children:[e.campaignCount?(0,J.jsx)(g,{id:`D4iyZG`}):(0,J.jsx)(g,{id:`lfc38x`}),` `,H(i)&&(0,J.jsx)(D,{href:`/imports/report`,children:(0,J.jsx)(g,{id:`DiNfip`})})]}),c.length>0&&(0,J.jsx)(`div`,{className:`scroll`,tabIndex:0,role:`group`,"aria-label":t({id:`YZ3ZjU`}),children:(0,J.jsxs)(`table`,{children:[(0,J.jsx)(`thead`,{children:(0,J.jsxs)(`tr`,{children:[(0,J.jsx)(`th`,{children:(0,J.jsx)(g,{id:`D02dD9`})}),$.map(e=>(0,J.jsx)(`th`,{className:`number`,children:u[e]},e))]})}),(0,J.jsx)(`tbody`,{children:c.map(({campaign:e,totals:t})=>(0,J.jsxs)(`tr`,{children:[(0,J.jsx)(`td`,{className:`named`,children:(0,J.jsx)(D,{href:`/campaigns/${e.id}`,children:e.name})}),$.map(e=>(0,J.jsx)(`td`,{className:`number`,children:d(e,t[e])},e))]},e.id))})]})})]})})}function dt({segment:e}){let{currency:t}=U().workspace,{value:n}=e;return(0,J.jsx)(N,{title:(0,J.jsx)(g,{id:`TqBWIU`}),side:n.asOf&&(0,J.jsx)(`span`,{className:`muted small`,children:(0,J.jsx)(g,{id:`cQCBWk`,values:{0:p(n.asOf)}})}),children:n.orders===0?(0,J.jsx)(`p`,{className:`muted`,children:(0,J.jsx)(g,{id:`fCLl8P`})}):(0,J.jsxs)(`div`,{className:`figures small-figures`,children:[(0,J.jsx)(A,{label:(0,J.jsx)(g,{id:`8YBH95`}),children:_(n.revenue,t)}),(0,J.jsx)(A,{label:(0,J.jsx)(g,{id:`1h+RBg`}),children:v(n.orders)}),(0,J.jsx)(A,{label:(0,J.jsx)(g,{id:`3xo6nC`}),children:_(n.averageOrderValue,t)}),(0,J.jsx)(A,{label:(0,J.jsx)(g,{id:`GAKAev`}),children:_(n.customerLifetimeValue,t)}),(0,J.jsx)(A,{label:(0,J.jsx)(g,{id:`5NLRoY`}),children:n.orderLatencyDays==null?`–`:v(Math.round(n.orderLatencyDays))})]})})}var ft=E(`
  query SegmentHead($id: ID!) {
    segment(id: $id) {
      ...LiveSegment
      ...SegmentPlaces
      kind
      origin
      visibility
      description
      createdAt
      createdBy {
        id
        name
      }
      freshness {
        asOf
        pendingChanges
      }
    }
  }
`),pt=[``,`members`,`automation`,`activity`,`compare`];function mt({id:e,tab:n=``}){let{_:i}=h(),a=U(),[{data:o,error:s,fetching:c},u]=w({query:ft,variables:{id:e}}),d=()=>u({requestPolicy:`network-only`}),{actionsOf:f,start:m,dialog:_}=l(d),y=o?.segment;if((0,q.useEffect)(()=>{document.title=`${y?.name??i({id:`RqGEko`})} – seggraph`},[y?.name,i]),V([`SEGMENT_UPDATED`,`SEGMENT_DELETED`,`REACH_READY`,`LABEL_CHANGED`,`FOLDER_CHANGED`],d),!y)return s?(0,J.jsx)(F,{error:s,again:d}):c?(0,J.jsx)(R,{}):(0,J.jsxs)(k,{title:(0,J.jsx)(g,{id:`lZLhUQ`}),children:[(0,J.jsx)(`p`,{children:(0,J.jsx)(g,{id:`QnLck1`})}),(0,J.jsx)(D,{href:`/segments`,className:`button`,children:(0,J.jsx)(g,{id:`0QdOGX`})})]});let x={"":(0,J.jsx)(g,{id:`6/dCYd`}),members:(0,J.jsxs)(J.Fragment,{children:[(0,J.jsx)(g,{id:`wlQNTg`}),` `,(0,J.jsx)(`span`,{className:`badge`,children:v(y.memberCount)})]}),automation:(0,J.jsx)(g,{id:`FFv0Vh`}),activity:(0,J.jsx)(g,{id:`XJOV1Y`}),compare:(0,J.jsx)(g,{id:`YGShnx`})},S=new Set(y.transitions),{reach:C,freshness:T}=y;return(0,J.jsxs)(J.Fragment,{children:[(0,J.jsxs)(I,{title:(0,J.jsxs)(`span`,{className:`row`,children:[(0,J.jsx)(t,{segment:y}),y.name]}),below:(0,J.jsxs)(`div`,{className:`row`,children:[(0,J.jsx)(B,{of:y.status}),(0,J.jsx)(`span`,{className:`badge`,children:z(y.type)}),(0,J.jsx)(`span`,{className:`badge`,children:z(y.kind)}),y.purpose&&(0,J.jsx)(`span`,{className:`badge accent`,children:z(y.purpose)}),y.visibility===`PRIVATE`&&(0,J.jsx)(`span`,{className:`badge`,children:z(`PRIVATE`)}),y.folder&&(0,J.jsx)(D,{href:`/segments?folder=${y.folder.id}`,className:`small`,children:y.folder.name}),y.labels.map(e=>(0,J.jsx)(r,{label:e},e.id))]}),children:[S.has(`PAUSE`)&&(0,J.jsx)(`button`,{type:`button`,className:`button`,onClick:()=>m(`PAUSE`,[y]),children:(0,J.jsx)(g,{id:`IgrLD/`})}),S.has(`RESUME`)&&(0,J.jsx)(`button`,{type:`button`,className:`button primary`,onClick:()=>m(`RESUME`,[y]),children:(0,J.jsx)(g,{id:`v39wLo`})}),S.has(`ACTIVATE`)&&(0,J.jsx)(`button`,{type:`button`,className:`button primary`,onClick:()=>m(`ACTIVATE`,[y]),children:(0,J.jsx)(g,{id:`FQBaXG`})}),H(a)&&S.has(`EDIT`)&&(0,J.jsx)(D,{href:`/segments/${e}/edit`,className:`button`,children:(0,J.jsx)(g,{id:`ePK91l`})}),(0,J.jsx)(ie,{label:i({id:`RlLl3G`,values:{0:y.name}}),text:i({id:`7L01XJ`}),actions:f(y)})]}),y.description&&(0,J.jsx)(`p`,{children:y.description}),(0,J.jsxs)(`p`,{className:`muted small`,children:[C.status===`CALCULATING`?(0,J.jsxs)(J.Fragment,{children:[(0,J.jsx)(g,{id:`waNzXf`}),` `,(0,J.jsx)(j,{value:C.progress,label:i({id:`1UnRQ1`,values:{0:y.name}})})]}):(0,J.jsx)(g,{id:`4a2EDe`,values:{0:p(T.asOf)}}),` `,T.pendingChanges>0&&(0,J.jsx)(g,{id:`RvdC/W`,values:{0:T.pendingChanges}}),` `,(0,J.jsxs)(`span`,{title:p(y.lastModifiedAt),children:[z(y.lastAction),` `,b(y.lastModifiedAt)]}),y.lastModifiedBy&&`, ${y.lastModifiedBy.name}`,`.`,` `,y.createdBy&&(0,J.jsx)(g,{id:`y7LWUe`,values:{0:y.createdBy.name,1:z(y.origin)}})]}),C.status===`FAILED`&&(0,J.jsx)(`div`,{className:`note bad`,role:`alert`,children:(0,J.jsxs)(`div`,{children:[(0,J.jsx)(`p`,{children:(0,J.jsx)(g,{id:`HVCScX`,values:{0:b(C.error?.at),1:C.error?.message}})}),S.has(`RECALCULATE`)&&(0,J.jsx)(`p`,{children:(0,J.jsx)(`button`,{type:`button`,className:`button small`,onClick:()=>m(`RECALCULATE`,[y]),children:(0,J.jsx)(g,{id:`vi233w`})})})]})}),s&&(0,J.jsx)(F,{error:s,again:d}),(0,J.jsx)(te,{label:i({id:`A/81ae`}),tabs:pt.map(t=>({key:t,href:`/segments/${e}${t&&`/${t}`}`,text:x[t],current:t===n}))}),n===``&&(0,J.jsx)(ct,{id:e}),n===`members`&&(0,J.jsx)(Ze,{segment:y}),n===`automation`&&(0,J.jsx)(Ee,{id:e}),n===`activity`&&(0,J.jsx)(ve,{id:e}),n===`compare`&&(0,J.jsx)(Ae,{segment:y}),!pt.includes(n)&&(0,J.jsx)(k,{title:(0,J.jsx)(g,{id:`82YBvD`}),children:(0,J.jsx)(D,{href:`/segments/${e}`,className:`button`,children:(0,J.jsx)(g,{id:`9IKQea`})})}),_]})}export{Q as Waterfall,mt as default};