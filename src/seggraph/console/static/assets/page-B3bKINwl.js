const __vite__mapDeps=(i,m=__vite__mapDeps,d=(m.f||(m.f=["./chart-wCSiE9wD.js","./format-B-3hrhDS.js","./react-DgRzD9U8.js","./chart-BaNYEgHE.css"])))=>i.map(i=>d[i]);
/* empty css                */import{a as e,f as t,h as n,m as r,o as i,r as a,s as o,t as s}from"./format-B-3hrhDS.js";import{n as c,o as l,t as u}from"./react-DgRzD9U8.js";import{i as d,r as f,t as p}from"./gql-h6yu-1fa.js";import{E as m,T as h,_ as g,b as _,c as v,d as y,g as b,h as x,i as S,j as C,l as w,m as T,n as E,p as D,r as O,s as k,t as A,u as j,w as M,x as ee,y as N}from"./parts-CrcGomB7.js";import{a as te,r as P}from"./events-ydpgym96.js";import{a as F,i as I,o as L}from"./viewer-D4x_pclA.js";import{a as R,i as z,n as B,r as V,t as H}from"./index-BcHe-JG6.js";import{t as U}from"./pages-CX7xCkhq.js";import{t as W}from"./url-mtI_wMPf.js";import{n as ne}from"./values-BJb8_MHq.js";import{c as re,i as ie,l as ae,n as oe,s as se,t as ce}from"./editing-Bf7OLMNt.js";import{t as G}from"./acts-CTvrMCxA.js";import{n as le,r as K}from"./toasts-CFiwKVg3.js";import{o as ue}from"./members-Bvm__G3o.js";import{r as de}from"./segments-BKvKhJww.js";import{t as fe}from"./grid-tipn7CrL.js";import{t as pe}from"./why-CrweJ_Oh.js";var q=l(u(),1),J=c();function me({label:e,value:t,options:n,onChange:r}){return(0,J.jsx)(`span`,{className:`choices`,role:`group`,"aria-label":e,children:n.map(([e,n])=>(0,J.jsx)(`button`,{type:`button`,"aria-pressed":e===t,onClick:()=>r(e),children:n},e))})}var he=p(`
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
`),ge=p(`
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
`),_e=p(`
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
`),ve=p(`
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
`),Y=15;function ye({id:e}){let t=L();return(0,J.jsxs)(`div`,{className:`overview`,children:[(0,J.jsx)(be,{id:e}),(0,J.jsx)(xe,{id:e}),(0,J.jsx)(Se,{id:e}),I(t,`ADMINISTER`)&&(0,J.jsx)(Ce,{id:e})]})}function X({pages:e,empty:t}){return(0,J.jsxs)(J.Fragment,{children:[e.error&&(0,J.jsx)(w,{error:e.error,again:e.again}),e.rows.length===0&&!e.error&&(e.isFetching?(0,J.jsx)(`div`,{className:`body`,children:(0,J.jsx)(D,{rows:3})}):(0,J.jsx)(`p`,{className:`body muted`,children:t})),e.hasMore&&(0,J.jsxs)(`div`,{className:`body`,children:[(0,J.jsx)(`button`,{type:`button`,className:`button small`,onClick:e.more,children:(0,J.jsx)(r,{id:`fMPkxb`})}),` `,(0,J.jsx)(`span`,{className:`muted small`,children:(0,J.jsx)(r,{id:`S6weo+`,values:{0:e.totalCount??0}})})]})]})}function be({id:t}){let{_:i}=n(),o=U(he,{id:t,first:Y},e=>e.segment?.runs,{refreshedBy:[`REACH_READY`,`REACH_FAILED`]});return(0,J.jsxs)(S,{title:(0,J.jsx)(r,{id:`gCFjVx`}),bare:!0,children:[o.rows.length>0&&(0,J.jsx)(`div`,{className:`scroll`,tabIndex:0,role:`group`,"aria-label":i({id:`gCFjVx`}),children:(0,J.jsxs)(`table`,{children:[(0,J.jsx)(`thead`,{children:(0,J.jsxs)(`tr`,{children:[(0,J.jsx)(`th`,{className:`short`,children:(0,J.jsx)(r,{id:`JEGlfK`})}),(0,J.jsx)(`th`,{children:(0,J.jsx)(r,{id:`uAQUqI`})}),(0,J.jsx)(`th`,{className:`short`,children:(0,J.jsx)(r,{id:`sJmqJB`})}),(0,J.jsx)(`th`,{className:`number`,children:(0,J.jsx)(r,{id:`wlQNTg`})}),(0,J.jsx)(`th`,{className:`number`,children:(0,J.jsx)(r,{id:`Xz186A`})}),(0,J.jsx)(`th`,{className:`number`,children:(0,J.jsx)(r,{id:`e8NxW1`})})]})}),(0,J.jsx)(`tbody`,{children:o.rows.map(t=>(0,J.jsxs)(`tr`,{children:[(0,J.jsx)(`td`,{className:`short`,title:e(t.startedAt),children:s(t.startedAt)}),(0,J.jsxs)(`td`,{children:[(0,J.jsx)(N,{of:t.status}),` `,t.error?.message]}),(0,J.jsx)(`td`,{className:`short`,children:M(t.trigger)}),(0,J.jsx)(`td`,{className:`number`,children:a(t.memberCount)}),(0,J.jsx)(`td`,{className:`number`,children:a(t.entered)}),(0,J.jsx)(`td`,{className:`number`,children:a(t.exited)})]},t.id))})]})}),(0,J.jsx)(X,{pages:o,empty:(0,J.jsx)(r,{id:`WdBSYp`})})]})}function xe({id:t}){let{_:i}=n(),[a,,o]=W(),c=a(`moved`)===`ENTERED`||a(`moved`)===`EXITED`?a(`moved`):``,l=U(ge,{id:t,first:Y,direction:c||null},e=>e.segment?.membershipChanges,{refreshedBy:[`MEMBERS_ENTERED`,`MEMBERS_EXITED`]});return(0,J.jsxs)(S,{title:(0,J.jsx)(r,{id:`vlQufF`}),bare:!0,side:(0,J.jsx)(me,{label:i({id:`8vETh9`}),value:c,options:[[``,i({id:`njBeMm`})],[`ENTERED`,M(`ENTERED`)],[`EXITED`,M(`EXITED`)]],onChange:e=>o({moved:e})}),children:[(0,J.jsx)(`ul`,{className:`plain-list`,children:l.rows.map(t=>(0,J.jsxs)(`li`,{children:[(0,J.jsx)(`span`,{className:`badge ${t.direction===`ENTERED`?`good`:`bad`}`,children:M(t.direction)}),(0,J.jsx)(m,{href:`/members/${t.member.id}`,className:`grow`,children:t.member.name??t.member.externalId}),(0,J.jsxs)(`span`,{className:`muted small`,children:[[...(t.sources??[]).filter(e=>e!==`PLAYBOOK`||!t.playbooks.length).map(M),...t.playbooks.map(e=>e.name)].join(`, `)||M(t.trigger),`, `,(0,J.jsx)(`span`,{title:e(t.at),children:s(t.at)})]})]},`${t.member.id}${t.at}${t.direction}`))}),(0,J.jsx)(X,{pages:l,empty:(0,J.jsx)(r,{id:`X4WLQH`})})]})}function Se({id:t}){let{_:i}=n(),o=U(_e,{id:t,first:Y},e=>e.deliveries,{refreshedBy:[`DELIVERY_CHANGED`]});return(0,J.jsxs)(S,{title:(0,J.jsx)(r,{id:`da4KrH`}),bare:!0,children:[(0,J.jsx)(`ul`,{className:`plain-list`,children:o.rows.map(t=>(0,J.jsxs)(`li`,{children:[(0,J.jsxs)(`div`,{className:`grow stack tight`,children:[(0,J.jsxs)(`span`,{className:`row`,children:[(0,J.jsx)(m,{href:`/destinations/${t.destination.id}`,children:t.destination.name}),(0,J.jsx)(N,{of:t.status}),t.status===`BUILDING`&&(0,J.jsx)(b,{value:t.progress,label:i({id:`Y6b+Zs`,values:{0:t.destination.name}})})]}),(0,J.jsxs)(`span`,{className:`muted small`,children:[t.listName??`–`,t.asOf&&`, ${i({id:`5J3fTH`})} ${e(t.asOf)}`]}),t.error&&(0,J.jsxs)(`span`,{className:`wrong small`,children:[t.error.message,t.retryAt&&` ${i({id:`3hmbqo`,values:{0:s(t.retryAt)}})}`]})]}),(0,J.jsxs)(`span`,{className:`number small`,children:[a(t.deliveredCount),t.memberCount!=null&&` / ${a(t.memberCount)}`]})]},t.id))}),(0,J.jsx)(X,{pages:o,empty:(0,J.jsx)(r,{id:`5MSeMz`})})]})}function Ce({id:t}){let{_:i}=n(),a=U(ve,{id:t,first:Y},e=>e.auditLog,{refreshedBy:[`SEGMENT_UPDATED`,`SEGMENT_ARCHIVED`]});return(0,J.jsxs)(S,{title:(0,J.jsx)(r,{id:`n8NdMn`}),bare:!0,children:[(0,J.jsx)(`ul`,{className:`plain-list`,children:a.rows.map(t=>(0,J.jsxs)(`li`,{children:[(0,J.jsxs)(`div`,{className:`grow stack tight`,children:[(0,J.jsxs)(`span`,{children:[(0,J.jsx)(`strong`,{children:M(t.action)}),` `,(0,J.jsx)(`span`,{className:`muted`,children:i({id:`t490IT`,values:{0:t.actor.name}})})]}),(0,J.jsx)(we,{before:t.before,after:t.after})]}),(0,J.jsx)(`span`,{className:`muted small`,title:e(t.at),children:s(t.at)})]},t.id))}),(0,J.jsx)(X,{pages:a,empty:(0,J.jsx)(r,{id:`iaX83X`})})]})}function we({before:e,after:t}){let n=e??{},r=t??{},i=[...new Set([...Object.keys(n),...Object.keys(r)])].filter(e=>JSON.stringify(n[e])!==JSON.stringify(r[e]));if(!i.length)return null;let a=e=>{let t=typeof e==`object`&&e&&!Array.isArray(e)?JSON.stringify(e):ne(e);return t.length>90?`${t.slice(0,90)}…`:t};return(0,J.jsxs)(`span`,{className:`muted small`,style:{overflowWrap:`anywhere`},children:[i.slice(0,4).map(e=>e in n?`${e}: ${a(n[e])} → ${a(r[e])}`:`${e}: ${a(r[e])}`).join(` · `),i.length>4&&` …`]})}var Te=p(`
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
`);function Ee(e){let[,t,n,r]=/^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?/.exec(e)??[];return[t&&`${t} d`,n&&`${n} h`,r&&`${r} min`].filter(Boolean).join(` `)||e}function De({id:t}){let{_:i}=n(),[{data:o,error:c,fetching:l},u]=d({query:Te,variables:{id:t}}),f=()=>u({requestPolicy:`network-only`});P([`PLAYBOOK_CHANGED`,`SEGMENT_UPDATED`,`REACH_READY`],f);let p=o?.segment;if(!p)return c?(0,J.jsx)(w,{error:c,again:f}):l?(0,J.jsx)(D,{rows:6}):null;let{freshness:h,sources:g}=p,_={CRITERIA:p.criteriaSentence??i({id:`ghXVnh`}),MANUAL:i({id:`/g9Mx8`}),IMPORT:i({id:`7C8QJl`}),PLAYBOOK:``};return(0,J.jsxs)(J.Fragment,{children:[c&&(0,J.jsx)(w,{error:c,again:f}),(0,J.jsxs)(`div`,{className:`overview`,children:[(0,J.jsx)(S,{title:(0,J.jsx)(r,{id:`PHcSXF`}),bare:!0,children:(0,J.jsxs)(`ul`,{className:`plain-list`,children:[g.map((e,n)=>(0,J.jsxs)(`li`,{children:[(0,J.jsxs)(`div`,{className:`grow stack tight`,children:[(0,J.jsxs)(`span`,{className:`row`,children:[(0,J.jsx)(`strong`,{children:M(e.kind)}),e.playbook&&(0,J.jsxs)(J.Fragment,{children:[(0,J.jsx)(m,{href:`/playbooks/${e.playbook.id}`,children:e.playbook.name}),(0,J.jsx)(N,{of:e.playbook.status})]})]}),(0,J.jsx)(`span`,{className:`muted small`,children:e.playbook?e.playbook.criteriaSentence:_[e.kind]})]}),(0,J.jsxs)(`span`,{className:`number`,children:[(0,J.jsx)(r,{id:`pkIIls`,values:{0:e.memberCount}}),e.blockedCount>0&&(0,J.jsxs)(J.Fragment,{children:[(0,J.jsx)(`br`,{}),(0,J.jsx)(m,{href:`/segments/${t}/members?view=blocked`,className:`small`,children:(0,J.jsx)(r,{id:`YqjWXP`,values:{0:e.blockedCount}})})]})]})]},n)),g.length===0&&(0,J.jsx)(`li`,{className:`muted`,children:(0,J.jsx)(r,{id:`6lQgGs`})})]})}),(0,J.jsx)(S,{title:(0,J.jsx)(r,{id:`6jHUJ5`}),children:(0,J.jsx)(ie,{of:[[i({id:`Ir3DTR`}),e(h.asOf)],[i({id:`RtiMut`}),a(h.pendingChanges)],[i({id:`4bTLOj`}),p.syncInterval?i({id:`vK9oeH`,values:{0:Ee(p.syncInterval)}}):i({id:`xzqQyv`})],[i({id:`RZBJq5`}),p.nextSyncAt?s(p.nextSyncAt):`–`]]})}),(0,J.jsx)(S,{title:(0,J.jsx)(r,{id:`llCoKl`}),children:(0,J.jsx)(B,{id:t})})]})]})}var Oe=p(`
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
`),ke=p(`
  query NamesOfSegments($ids: [ID!]!) {
    nodes(ids: $ids) {
      ... on Segment {
        id
        name
      }
    }
  }
`),Ae=p(`
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
`);function je({segment:e}){let{_:t}=n(),i=L(),[,s,c]=W(),[l,u]=(0,q.useState)(null),f=s(`with`).filter(t=>t!==e.id).slice(0,2),p=[e.id,...f],[{data:h}]=d({query:ke,variables:{ids:f},pause:!f.length}),[{data:g,error:_,fetching:y},b]=d({query:Oe,variables:{ids:p},pause:!f.length});te(e=>{p.includes(e.segment.id)&&e.__typename===`MembershipChanged`&&f.length&&b({requestPolicy:`network-only`})});let C=f.map(e=>({id:e,name:h?.nodes.flatMap(t=>t?.__typename===`Segment`&&t.id===e?[t.name]:[])[0]??`…`})),T=f.length?g?.compareSegments:void 0,E=p.map(e=>({segment:e})),O=T?.segments.map(e=>e.segment.name).join(`, `)??``;return(0,J.jsxs)(`div`,{className:`two`,children:[(0,J.jsxs)(S,{title:(0,J.jsx)(r,{id:`7DI7uv`}),children:[_&&(0,J.jsx)(w,{error:_,again:()=>b({requestPolicy:`network-only`})}),!f.length&&(0,J.jsx)(v,{title:(0,J.jsx)(r,{id:`T8v3DB`}),children:(0,J.jsx)(`p`,{children:(0,J.jsx)(r,{id:`4sysLp`})})}),f.length>0&&!T&&y&&(0,J.jsx)(D,{}),T&&(0,J.jsx)(x,{of:T.errors}),T&&!T.errors.length&&(0,J.jsxs)(`div`,{className:`stack`,children:[(0,J.jsx)(Ie,{of:T}),(0,J.jsx)(`div`,{className:`scroll`,children:(0,J.jsxs)(`table`,{children:[(0,J.jsx)(`thead`,{children:(0,J.jsxs)(`tr`,{children:[(0,J.jsx)(`th`,{children:(0,J.jsx)(r,{id:`RqGEko`})}),(0,J.jsx)(`th`,{className:`number`,children:(0,J.jsx)(r,{id:`wlQNTg`})}),(0,J.jsx)(`th`,{className:`number`,children:(0,J.jsx)(r,{id:`aX1fVG`})})]})}),(0,J.jsx)(`tbody`,{children:T.segments.map((e,t)=>(0,J.jsxs)(`tr`,{children:[(0,J.jsxs)(`td`,{children:[(0,J.jsx)(`i`,{className:`colour c${t}`}),(0,J.jsx)(m,{href:`/segments/${e.segment.id}`,children:e.segment.name})]}),(0,J.jsx)(`td`,{className:`number`,children:a(e.memberCount)}),(0,J.jsx)(`td`,{className:`number`,children:a(e.onlyIn)})]},e.segment.id))})]})}),(0,J.jsx)(`div`,{className:`scroll`,children:(0,J.jsxs)(`table`,{children:[(0,J.jsx)(`thead`,{children:(0,J.jsxs)(`tr`,{children:[(0,J.jsx)(`th`,{children:(0,J.jsx)(r,{id:`95IA/U`})}),(0,J.jsx)(`th`,{className:`number`,children:(0,J.jsx)(r,{id:`wlQNTg`})}),(0,J.jsx)(`th`,{className:`number`,children:(0,J.jsx)(r,{id:`SlZii8`})})]})}),(0,J.jsxs)(`tbody`,{children:[T.overlaps.map(e=>(0,J.jsxs)(`tr`,{children:[(0,J.jsxs)(`td`,{children:[e.first.name,` ∩ `,e.second.name]}),(0,J.jsx)(`td`,{className:`number`,children:a(e.overlap)}),(0,J.jsx)(`td`,{className:`number`,children:o(e.jaccard,1)})]},e.first.id+e.second.id)),T.segments.length>2&&(0,J.jsxs)(`tr`,{children:[(0,J.jsx)(`td`,{children:(0,J.jsx)(r,{id:`FEJu/N`})}),(0,J.jsx)(`td`,{className:`number`,children:a(T.intersection)}),(0,J.jsx)(`td`,{className:`number`,children:o(T.union?T.intersection/T.union:null,1)})]}),(0,J.jsxs)(`tr`,{children:[(0,J.jsx)(`td`,{children:(0,J.jsx)(r,{id:`tkKfCH`})}),(0,J.jsx)(`td`,{className:`number`,children:a(T.union)}),(0,J.jsx)(`td`,{className:`number`,children:o(1)})]})]})]})}),F(i)&&(0,J.jsxs)(`div`,{className:`row`,children:[(0,J.jsx)(`button`,{type:`button`,className:`button`,onClick:()=>u({name:t({id:`GU2tLN`,values:{names:O}}),expression:{intersect:E}}),children:(0,J.jsx)(r,{id:`M9Gn7N`})}),(0,J.jsx)(`button`,{type:`button`,className:`button`,onClick:()=>u({name:t({id:`TQ85BZ`,values:{names:O}}),expression:{union:E}}),children:(0,J.jsx)(r,{id:`Hris5O`})}),(0,J.jsx)(`button`,{type:`button`,className:`button`,onClick:()=>u({name:t({id:`8h+Fx0`,values:{0:e.name}}),expression:{subtract:E}}),children:t({id:`vQaITp`,values:{0:e.name}})})]})]})]}),(0,J.jsx)(S,{title:t({id:`N0ZLtF`,values:{0:e.name}}),children:(0,J.jsx)(se,{legend:t({id:`1ZTiaz`}),kind:e.kind,chosen:C,most:2,onChange:t=>c({with:t.map(e=>e.id).filter(t=>t!==e.id)})})}),l&&(0,J.jsx)(Me,{...l,onClose:()=>u(null)})]})}function Me({name:e,expression:t,onClose:i}){let{_:a}=n(),{act:o,busy:s,problems:c}=G(),[,l]=C(),[u,d]=(0,q.useState)(e.slice(0,200));async function f(){let e=await o(Ae,{input:{name:u,expression:t}});e?.segment&&(K(a({id:`znZSML`})),l(`/segments/${e.segment.id}`))}return(0,J.jsx)(ce,{title:(0,J.jsx)(r,{id:`RVeTxp`}),action:(0,J.jsx)(r,{id:`hYgDIe`}),busy:s,problems:ae(c,`name`),onSubmit:()=>void f(),onClose:i,children:(0,J.jsx)(re,{label:a({id:`6YtxFj`}),value:u,onChange:d,problems:c,name:`name`,autoFocus:!0})})}function Ne(e,t,n){return n>=e+t?0:n<=Math.abs(e-t)?Math.PI*Math.min(e,t)**2:e*e*Math.acos((n**2+e*e-t*t)/(2*n*e))+t*t*Math.acos((n**2+t*t-e*e)/(2*n*t))-.5*Math.sqrt((-n+e+t)*(n+e-t)*(n-e+t)*(n+e+t))}function Pe(e,t,n){if(n<=0)return e+t+6;let r=Math.abs(e-t),i=e+t;for(let a=0;a<50;a+=1){let a=(r+i)/2;Ne(e,t,a)>n?r=a:i=a}return(r+i)/2}function Fe({segments:e,overlaps:t}){let n=Math.max(1,...e.map(e=>e.memberCount)),r=e=>Math.PI*110**2*e/n,i=e.map(e=>Math.max(4,Math.sqrt(r(e.memberCount)/Math.PI))),a=(n,a)=>{let o=[e[n]?.segment.id,e[a]?.segment.id],s=t.find(e=>o.includes(e.first.id)&&o.includes(e.second.id))?.overlap??0;return Pe(i[n]??0,i[a]??0,r(s))},[o=0,s=0,c]=i,l=a(0,1),u=[{x:0,y:0,r:o},{x:l,y:0,r:s}];if(c!==void 0){let e=a(0,2),t=a(1,2),n=l?(e**2-t**2+l**2)/(2*l):0,r=Math.max(-e,Math.min(e,n));u.push({x:r,y:Math.sqrt(Math.max(0,e**2-r**2)),r:c})}return u}function Ie({of:e}){let{_:t}=n(),i=Fe(e),o=Math.min(...i.map(e=>e.x-e.r))-8,s=Math.max(...i.map(e=>e.x+e.r))+8,c=Math.min(...i.map(e=>e.y-e.r))-8,l=Math.max(...i.map(e=>e.y+e.r))+8,u=e.overlaps.map(e=>t({id:`/5JyWO`,values:{0:e.first.name,1:e.second.name,2:a(e.overlap)}})).join(`. `);return(0,J.jsxs)(`figure`,{style:{margin:0},children:[(0,J.jsx)(`svg`,{className:`overlap`,viewBox:`${o} ${c} ${s-o} ${l-c}`,role:`img`,"aria-label":u,children:i.map((t,n)=>(0,J.jsx)(`circle`,{className:`c${n}`,cx:t.x,cy:t.y,r:t.r,children:(0,J.jsx)(`title`,{children:e.segments[n]?.segment.name})},n))}),i.length>2&&(0,J.jsx)(`figcaption`,{className:`muted small`,style:{textAlign:`center`},children:(0,J.jsx)(r,{id:`dhFM/j`})})]})}p(`
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
`);var Le=p(`
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
`),Re=p(`
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
`),ze=p(`
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
`),Be=p(`
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
`),Ve=p(`
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
`),He=p(`
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
`),Ue=p(`
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
`),We=100,Ge=[`email`,`country`,`city`,`industry`,`employees`,`score`,`tags`],Z=e=>e.name??e.externalId;function Ke(t){let{_:r}=n(),{currency:o}=L().workspace,[{data:s}]=d({query:ue,variables:{kind:t}});return[{key:`externalId`,title:r({id:`6F3V0+`}),width:`140px`,sort:`externalId`,cell:e=>e.externalId},{key:`email`,title:r({id:`O3oNi5`}),width:`minmax(200px, 1.4fr)`,sort:`email`,cell:e=>e.email??`–`},{key:`phone`,title:r({id:`zmwvG2`}),width:`150px`,cell:e=>e.phone??`–`},{key:`domain`,title:r({id:`EoKe5U`}),width:`170px`,sort:`domain`,cell:e=>e.domain??`–`},{key:`country`,title:r({id:`JNCzPW`}),width:`96px`,sort:`country`,cell:e=>e.country??`–`},{key:`city`,title:r({id:`3wV73y`}),width:`130px`,sort:`city`,cell:e=>e.city??`–`},{key:`postalCode`,title:r({id:`U4aiMW`}),width:`110px`,cell:e=>e.postalCode??`–`},{key:`industry`,title:r({id:`S8gy7K`}),width:`140px`,sort:`industry`,cell:e=>e.industry??`–`},{key:`employees`,title:r({id:`gqv5ZL`}),width:`110px`,number:!0,sort:`employees`,cell:e=>a(e.employees)},{key:`revenue`,title:r({id:`8YBH95`}),width:`150px`,number:!0,sort:`revenue`,cell:e=>i(e.revenue,o)},{key:`score`,title:r({id:`Eq6YVV`}),width:`84px`,number:!0,sort:`score`,cell:e=>a(e.score)},{key:`tags`,title:r({id:`OYHzN1`}),width:`190px`,cell:e=>e.tags.map(e=>(0,J.jsx)(`span`,{className:`badge`,style:{marginRight:4},children:e},e))},{key:`updatedAt`,title:r({id:`QPKjtv`}),width:`170px`,sort:`updatedAt`,cell:t=>e(t.updatedAt)},...(s?.criteriaFields??[]).filter(e=>e.isCustom).map(e=>({key:`attributes.${e.name}`,title:e.label,width:`150px`,...e.type!==`STRING_LIST`&&{sort:e.name},...e.type===`NUMBER`&&{number:!0},cell:t=>ne(t.attributes[e.name])}))]}var qe=e=>`${e}T23:59:59Z`;function Je({segment:e}){let{_:t}=n(),i=L(),[o,s,c]=W(),{id:l,kind:u}=e,d=o(`view`)===`blocked`,f=d?``:o(`at`),p=o(`search`),[y,b]=o(`sort`).split(`:`),[x,S]=(0,q.useState)(new Set),[C,T]=(0,q.useState)(null),[E,k]=(0,q.useState)(!1),A={id:l,first:We},j=!d&&!f,ee=U(Le,{...A,search:p||null,orderBy:y?{field:y,direction:b===`DESC`?`DESC`:`ASC`}:null},e=>e.segment?.members,{pause:!j}),N=U(Re,{...A,at:qe(f||`2000-01-01`)},e=>e.segment?.membershipAt,{pause:!f}),P=U(ze,A,e=>{let t=e.segment?.blockedMembers;return t&&{...t,nodes:t.edges.map(({node:e,sources:t,playbooks:n})=>({...e,blockedBy:[...t.filter(e=>e!==`PLAYBOOK`||!n.length).map(M),...n.map(e=>e.name)].join(`, `)}))}}),I=d?P:f?N:ee;te(e=>{e.__typename===`MembershipChanged`&&e.segment.id===l&&k(!0)});let R=F(i)&&e.transitions.includes(`EDIT`),z=I.rows.filter(e=>x.has(e.id)),B=()=>{S(new Set),k(!1),ee.again(),P.again()},V=Ke(u),H=s(`columns`).length?s(`columns`):Ge,ne=[{key:`name`,title:t({id:`6YtxFj`}),width:`minmax(200px, 1.6fr)`,sort:`name`,cell:e=>(0,J.jsx)(m,{href:`/members/${e.id}`,className:`name`,title:Z(e),children:Z(e)})},{key:`why`,title:t({id:`DJlSwA`}),width:`84px`,cell:e=>(0,J.jsx)(`button`,{type:`button`,className:`button small`,"aria-label":t(d?{id:`oGsaCZ`,values:{0:Z(e)}}:{id:`vkvuQc`,values:{0:Z(e)}}),onClick:()=>c({why:e.id}),children:(0,J.jsx)(r,{id:`9BruTc`})})},...d?[{key:`blockedBy`,title:t({id:`X469Up`}),width:`190px`,cell:e=>e.blockedBy??`–`}]:[],...V.filter(e=>H.includes(e.key))],re=j?ne:ne.map(({sort:e,...t})=>t),ie=e=>`/segments/${l}/members${e&&`?view=${e}`}`;return(0,J.jsxs)(J.Fragment,{children:[(0,J.jsxs)(`div`,{className:`row`,children:[(0,J.jsx)(_,{label:t({id:`s3bnjE`}),tabs:[{key:`in`,href:ie(``),current:!d,text:(0,J.jsx)(r,{id:`eQXv2n`})},{key:`blocked`,href:ie(`blocked`),current:d,text:(0,J.jsxs)(J.Fragment,{children:[(0,J.jsx)(r,{id:`1bpdKR`}),P.totalCount!==null&&(0,J.jsxs)(J.Fragment,{children:[` `,(0,J.jsx)(`span`,{className:`badge`,children:a(P.totalCount)})]})]})}]}),(0,J.jsx)(`span`,{className:`grow`}),R&&!d&&(0,J.jsxs)(`button`,{type:`button`,className:`button primary`,onClick:()=>T(`add`),children:[(0,J.jsx)(h,{name:`plus`}),(0,J.jsx)(r,{id:`Gd7oV4`})]}),R&&!d&&e.type===`STATIC`&&(0,J.jsxs)(m,{href:`/imports?segment=${l}`,className:`button`,children:[(0,J.jsx)(h,{name:`imports`}),(0,J.jsx)(r,{id:`2xoyqj`})]}),F(i)&&!d&&(0,J.jsxs)(`button`,{type:`button`,className:`button`,onClick:()=>T(`export`),children:[(0,J.jsx)(h,{name:`download`}),(0,J.jsx)(r,{id:`GS+Mus`})]})]}),d&&(0,J.jsx)(`p`,{className:`muted`,children:(0,J.jsx)(r,{id:`5noxeM`})}),(0,J.jsxs)(`div`,{className:`row`,children:[j&&(0,J.jsx)(g,{label:t({id:`AaDUlx`}),value:p,onChange:e=>c({search:e})},p?`kept`:`none`),!d&&(0,J.jsxs)(`label`,{className:`row small`,children:[(0,J.jsx)(r,{id:`UPcaBm`}),(0,J.jsx)(`input`,{type:`date`,style:{width:`auto`},max:new Date().toISOString().slice(0,10),value:f,onChange:e=>{S(new Set),c({at:e.target.value,search:``,sort:``})}})]}),f&&(0,J.jsx)(`button`,{type:`button`,className:`button small`,onClick:()=>c({at:``}),children:(0,J.jsx)(r,{id:`zVMGyu`})}),(0,J.jsx)(O,{text:t({id:`jEu4bB`}),icon:`columns`,children:(0,J.jsx)(`div`,{style:{maxHeight:`20rem`,overflow:`auto`},role:`group`,tabIndex:0,"aria-label":t({id:`jEu4bB`}),children:V.map(e=>(0,J.jsxs)(`label`,{className:`check small`,children:[(0,J.jsx)(`input`,{type:`checkbox`,checked:H.includes(e.key),onChange:t=>c({columns:V.map(e=>e.key).filter(n=>n===e.key?t.target.checked:H.includes(n))})}),e.title]},e.key))})}),E&&j&&(0,J.jsxs)(`button`,{type:`button`,className:`button small`,onClick:()=>{k(!1),ee.again()},children:[(0,J.jsx)(h,{name:`refresh`}),(0,J.jsx)(r,{id:`tCH0wd`})]}),(0,J.jsx)(`span`,{className:`muted small`,role:`status`,children:I.totalCount!=null&&(0,J.jsx)(r,{id:`pkIIls`,values:{0:I.totalCount}})})]}),I.error&&(0,J.jsx)(w,{error:I.error,again:I.again}),(0,J.jsxs)(`div`,{className:`card`,children:[z.length>0&&(0,J.jsxs)(`div`,{className:`bulk`,role:`toolbar`,"aria-label":t({id:`7LDI7J`}),children:[(0,J.jsx)(`strong`,{children:(0,J.jsx)(r,{id:`Tqs9eY`,values:{0:z.length}})}),d?(0,J.jsx)(`button`,{type:`button`,className:`button small`,onClick:()=>T(`give`),children:(0,J.jsx)(r,{id:`umWfc5`})}):(0,J.jsx)(`button`,{type:`button`,className:`button small`,onClick:()=>T(`remove`),children:(0,J.jsx)(r,{id:`UJLvOc`})}),(0,J.jsx)(`button`,{type:`button`,className:`button small plain`,onClick:()=>S(new Set),children:(0,J.jsx)(r,{id:`fenqvN`})})]}),I.rows.length>0?(0,J.jsx)(fe,{label:t({id:`wlQNTg`}),rows:I.rows,columns:re,idOf:e=>e.id,nameOf:Z,total:I.totalCount,hasMore:I.hasMore,more:I.more,onOpen:e=>c({why:e.id}),...R&&!f&&{selected:x,onSelect:S},...j&&{sort:o(`sort`),onSort:e=>c({sort:e})}}):I.isFetching?(0,J.jsx)(`div`,{style:{padding:`1rem`},children:(0,J.jsx)(D,{rows:6})}):!I.error&&(d?(0,J.jsx)(v,{title:(0,J.jsx)(r,{id:`3FItSy`})}):f?(0,J.jsx)(v,{title:(0,J.jsx)(r,{id:`9BRGVb`})}):p?(0,J.jsx)(v,{title:(0,J.jsx)(r,{id:`Ja7j+o`}),children:(0,J.jsx)(`button`,{type:`button`,className:`button`,onClick:()=>c({search:``}),children:(0,J.jsx)(r,{id:`AM3BUJ`})})}):(0,J.jsx)(v,{title:(0,J.jsx)(r,{id:`UwvrGq`}),children:(0,J.jsx)(`p`,{children:(0,J.jsx)(r,{id:`VVJy28`})})}))]}),o(`why`)&&(0,J.jsx)(pe,{segmentId:l,memberId:o(`why`),onClose:()=>c({why:``})}),C===`add`&&(0,J.jsx)(Ye,{segment:e,onClose:()=>T(null),onDone:B}),C===`remove`&&(0,J.jsx)(Xe,{segment:e,rows:z,onClose:()=>T(null),onDone:B}),C===`give`&&(0,J.jsx)(Ze,{segment:e,rows:z,onClose:()=>T(null),onDone:B}),C===`export`&&(0,J.jsx)($e,{segment:e,columns:[`name`,...H],onClose:()=>T(null)})]})}function Ye({segment:e,onClose:t,onDone:i}){let{_:a}=n(),{act:o,busy:s,problems:c,setProblems:l}=G(),[u,f]=(0,q.useState)(``),[p,m]=(0,q.useState)(``),[h,g]=(0,q.useState)([]),[_,v]=(0,q.useState)(null),y=ee(u.trim()),[{data:b,fetching:x}]=d({query:Be,variables:{kind:e.kind,search:y||null}}),S=b?.members.nodes??[];async function C(){let n=p.split(/[\s,;]+/).filter(Boolean);if(!h.length&&!n.length)return l([{code:`REQUIRED`,message:a({id:`9wsCC9`})}]);let r={...h.length&&{memberIds:h.map(e=>e.id)},...n.length&&{externalIds:n}},s=await o(Ve,{input:{segmentIds:[e.id],...r}});if(s){if(K(a({id:`o7KL0X`,values:{0:s.changed,1:s.alreadyDone}})),i(),s.notFound.length)return g([]),m(s.notFound.join(`
`)),l([{code:`NOT_FOUND`,message:a({id:`54tCyT`,values:{0:s.notFound.slice(0,5).join(`, `)}})}]);t()}}return(0,J.jsxs)(J.Fragment,{children:[(0,J.jsxs)(ce,{wide:!0,title:a({id:`4swgic`,values:{0:e.name}}),action:(0,J.jsx)(r,{id:`m16xKo`}),busy:s,problems:c,onSubmit:()=>void C(),onClose:t,children:[(0,J.jsxs)(`fieldset`,{className:`picker`,children:[(0,J.jsx)(`legend`,{className:`label`,children:M(e.kind)}),h.length>0&&(0,J.jsx)(`div`,{className:`chips`,children:h.map(e=>(0,J.jsxs)(`span`,{className:`chip`,children:[e.name,(0,J.jsx)(`button`,{type:`button`,"aria-label":a({id:`JLPXKu`,values:{0:e.name}}),onClick:()=>g(h.filter(t=>t.id!==e.id)),children:`×`})]},e.id))}),(0,J.jsx)(`input`,{type:`search`,"aria-label":a({id:`/lsPou`}),placeholder:a({id:`/lsPou`}),value:u,onChange:e=>f(e.target.value)}),(0,J.jsxs)(`div`,{className:`options`,role:`group`,"aria-label":a({id:`g30iVH`}),tabIndex:-1,children:[S.map(e=>(0,J.jsxs)(`div`,{className:`row`,style:{flexWrap:`nowrap`},children:[(0,J.jsxs)(`label`,{className:`check grow`,children:[(0,J.jsx)(`input`,{type:`checkbox`,checked:h.some(t=>t.id===e.id),onChange:t=>g(t.target.checked?[...h,{id:e.id,name:Z(e)}]:h.filter(t=>t.id!==e.id))}),(0,J.jsxs)(`span`,{className:`grow`,children:[Z(e),` `,(0,J.jsx)(`span`,{className:`muted small`,children:e.email??e.country})]})]}),(0,J.jsx)(`button`,{type:`button`,className:`button small plain`,"aria-label":a({id:`OSLWPP`,values:{0:Z(e)}}),onClick:()=>v(e.id),children:(0,J.jsx)(r,{id:`9BruTc`})})]},e.id)),!x&&!S.length&&(0,J.jsx)(`p`,{className:`muted small`,children:(0,J.jsx)(r,{id:`Ja7j+o`})})]})]}),(0,J.jsx)(j,{label:(0,J.jsx)(r,{id:`ao+yYr`}),hint:(0,J.jsx)(r,{id:`zrJCvZ`}),children:e=>(0,J.jsx)(`textarea`,{...e,rows:3,value:p,onChange:e=>m(e.target.value)})})]}),_&&(0,J.jsx)(pe,{segmentId:e.id,memberId:_,onClose:()=>v(null)})]})}function Xe({segment:e,rows:t,onClose:i,onDone:a}){let{_:o}=n(),{act:s,problems:c}=G();return(0,J.jsxs)(k,{title:(0,J.jsx)(r,{id:`TYhZBo`,values:{0:t.length}}),action:(0,J.jsx)(r,{id:`t/YqKh`}),danger:!0,problems:c,onClose:i,onConfirm:async()=>{let n=await s(He,{input:{segmentIds:[e.id],memberIds:t.map(e=>e.id)}});return n?(K(o({id:`wP2d53`,values:{0:n.changed}})),a(),!0):!1},children:[(0,J.jsx)(`p`,{children:o({id:`weylVr`,values:{0:e.name}})}),(0,J.jsxs)(`p`,{className:`muted`,children:[t.slice(0,8).map(Z).join(`, `),t.length>8&&` …`]})]})}function Ze({segment:e,rows:t,onClose:i,onDone:a}){let{_:o}=n(),{act:s,problems:c}=G();return(0,J.jsx)(k,{title:(0,J.jsx)(r,{id:`q+yX+0`,values:{0:t.length}}),action:(0,J.jsx)(r,{id:`Cw8/fY`}),problems:c,onClose:i,onConfirm:async()=>{let n=await s(Ue,{input:{segmentIds:[e.id],memberIds:t.map(e=>e.id)}});return n?(K(o({id:`33KdZV`,values:{0:n.changed}})),a(),!0):!1},children:(0,J.jsx)(`p`,{children:o({id:`1NSeZ3`,values:{0:e.name}})})})}var Qe=[`EMAIL`,`DIRECT_MAIL`,`SMS`,`PHONE`,`PUSH`];function $e({segment:e,columns:t,onClose:i}){let{_:a}=n(),o=f(),[s,c]=(0,q.useState)(`CSV`),[l,u]=(0,q.useState)(``),[d,p]=(0,q.useState)(`all`),[m,h]=(0,q.useState)(!1),[g,_]=(0,q.useState)(!1),[v,y]=(0,q.useState)(null);async function b(){_(!0),y(null);let n=await de(o,e.id,{format:s,...l&&{channel:l,distinctAddresses:m},...d===`shown`&&{columns:t.map(e=>e.replace(/^attributes\./,``))}});_(!1),n===null?(K(a({id:`jJ4fo1`,values:{0:e.name}})),i()):(y(n),le(n))}return(0,J.jsxs)(E,{title:a({id:`ulRS22`,values:{0:e.name}}),onClose:i,children:[(0,J.jsx)(oe,{label:a({id:`wlQNTg`}),value:l,options:[[``,a({id:`N40H+G`})],...Qe.map(e=>[e,a({id:`0jV1rv`,values:{0:M(e)}})])],onChange:u}),l&&(0,J.jsxs)(`label`,{className:`check`,children:[(0,J.jsx)(`input`,{type:`checkbox`,checked:m,onChange:e=>h(e.target.checked)}),(0,J.jsx)(r,{id:`S6OuC7`})]}),(0,J.jsx)(oe,{label:a({id:`jEu4bB`}),value:d,options:[[`all`,a({id:`bLre1i`})],[`shown`,a({id:`pUol2U`})]],onChange:p}),(0,J.jsx)(oe,{label:a({id:`J2eKUI`}),value:s,options:[[`CSV`,a({id:`nCpfR8`})],[`PLAIN_CSV`,a({id:`/wBgGL`})],[`JSON_LINES`,a({id:`Ddb7OB`})]],onChange:c}),v!==null&&(0,J.jsx)(x,{of:[{code:`FAILED`,message:v}]}),(0,J.jsxs)(`div`,{className:`ends`,children:[(0,J.jsx)(`button`,{type:`button`,className:`button`,onClick:i,children:(0,J.jsx)(r,{id:`dEgA5A`})}),(0,J.jsx)(`button`,{type:`button`,className:`button primary`,disabled:g,onClick:()=>void b(),children:g?(0,J.jsx)(r,{id:`TgPrZb`}):(0,J.jsx)(r,{id:`GS+Mus`})})]})]})}var et=40;function Q({name:e,steps:t}){let{_:i}=n();if(!t.length)return(0,J.jsxs)(`div`,{className:`stack tight`,children:[(0,J.jsx)(`h3`,{children:e}),(0,J.jsx)(`p`,{className:`muted`,children:(0,J.jsx)(r,{id:`RQOyvy`})})]});let s=t[0]?.remaining||1,c=t.at(-1)?.remaining??0,l=e=>`${100*e/s}%`,u=[...t.map(e=>({key:e.reason,text:M(e.reason),number:e.reason===`MEMBERS`?a(e.remaining):e.dropped?`−${a(e.dropped)}`:a(0),remaining:e.reason===`MEMBERS`?e.remaining:0,from:e.remaining,dropped:e.dropped})),{key:`REACHED`,text:i({id:`7G/3Eh`}),number:`${a(c)} · ${o(t[0]?.remaining?c/t[0].remaining:null)}`,remaining:c,from:0,dropped:0}];return(0,J.jsxs)(`figure`,{className:`waterfall`,children:[(0,J.jsx)(`figcaption`,{children:(0,J.jsx)(`h3`,{children:e})}),(0,J.jsx)(`svg`,{width:`100%`,height:u.length*et,role:`img`,"aria-label":u.map(e=>`${e.text} ${e.number}`).join(`, `),children:u.map((e,t)=>(0,J.jsxs)(`g`,{transform:`translate(0 ${t*et})`,children:[(0,J.jsx)(`text`,{x:`0`,y:`13`,children:e.text}),(0,J.jsx)(`text`,{x:`100%`,y:`13`,textAnchor:`end`,className:`amount`,children:e.number}),(0,J.jsx)(`rect`,{x:`0`,y:`19`,width:`100%`,height:`12`,rx:`3`,className:`ground`}),e.remaining>0&&(0,J.jsx)(`rect`,{x:`0`,y:`19`,width:l(e.remaining),height:`12`,rx:`3`,className:e.key===`REACHED`?`reached`:`whole`}),e.dropped>0&&(0,J.jsx)(`rect`,{x:l(e.from),y:`19`,width:l(e.dropped),height:`12`,rx:`2`,className:`dropped`}),t>0&&e.key!==`REACHED`&&(0,J.jsx)(`line`,{x1:l(e.from),x2:l(e.from),y1:`19`,y2:59,className:`edge`})]},e.key))})]})}var tt=(0,q.lazy)(()=>t(()=>import(`./chart-wCSiE9wD.js`),__vite__mapDeps([0,1,2,3]),import.meta.url)),nt=p(`
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
`),rt={30:`DAY`,90:`DAY`,365:`WEEK`},$=[`spend`,`impressions`,`clicks`,`ctr`,`cpc`];function it(e){let t=new Date;return t.setUTCDate(t.getUTCDate()-e+1),t.toISOString().slice(0,10)}function at({id:e}){let{_:t}=n(),[i,,o]=W(),s=i(`days`)in rt?i(`days`):`30`,c=it(Number(s)),[{data:l,error:u,fetching:f},p]=d({query:nt,variables:{id:e,day:c,since:`${c}T00:00:00Z`,interval:rt[s]}}),m=()=>p({requestPolicy:`network-only`});P([`METRICS_CHANGED`,`CAMPAIGN_CHANGED`],m),te(t=>{t.segment.id===e&&(t.__typename===`ReachChanged`||t.__typename===`MembershipChanged`)&&m()});let h=l?.segment;if(!h)return u?(0,J.jsx)(w,{error:u,again:m}):f?(0,J.jsx)(D,{rows:6}):null;let g=(0,J.jsx)(me,{label:t({id:`fUMYiE`}),value:s,options:[[`30`,t({id:`P9cEa2`})],[`90`,t({id:`h28hXf`})],[`365`,t({id:`+N7uug`})]],onChange:e=>o({days:e})});return(0,J.jsxs)(J.Fragment,{children:[u&&(0,J.jsx)(w,{error:u,again:m}),(0,J.jsxs)(`div`,{className:`figures`,children:[(0,J.jsx)(y,{label:(0,J.jsx)(r,{id:`wlQNTg`}),children:a(h.memberCount)}),(0,J.jsx)(y,{label:(0,J.jsx)(r,{id:`nj7xH+`}),children:(0,J.jsx)(H,{row:h})}),(0,J.jsx)(y,{label:(0,J.jsx)(r,{id:`O3oNi5`}),children:a(h.reach.email)}),(0,J.jsx)(y,{label:(0,J.jsx)(r,{id:`a1ZtRX`}),children:a(h.reach.directMail)}),(0,J.jsx)(y,{label:(0,J.jsx)(r,{id:`TEERTx`}),children:a(h.reach.sms)}),(0,J.jsx)(y,{label:(0,J.jsx)(r,{id:`zmwvG2`}),children:a(h.reach.phone)}),(0,J.jsx)(y,{label:(0,J.jsx)(r,{id:`uO9WLl`}),children:a(h.reach.push)})]}),(0,J.jsxs)(`div`,{className:`overview`,children:[(0,J.jsx)(S,{title:(0,J.jsx)(r,{id:`Cj2Gtd`}),side:g,children:(0,J.jsx)(ot,{points:h.sizeHistory})}),(0,J.jsx)(st,{segment:h}),(0,J.jsx)(S,{title:(0,J.jsx)(r,{id:`MLmRoX`}),children:(0,J.jsxs)(`div`,{className:`stack tight`,children:[(0,J.jsx)(`p`,{className:`sentence`,children:h.criteriaSentence??(0,J.jsx)(r,{id:`2hmCeK`})}),h.criteriaText&&(0,J.jsxs)(`details`,{children:[(0,J.jsx)(`summary`,{children:(0,J.jsx)(r,{id:`OzigGW`})}),(0,J.jsx)(`pre`,{style:{whiteSpace:`pre-wrap`,margin:`0.5rem 0 0`},children:h.criteriaText})]})]})}),(0,J.jsx)(ct,{segment:h}),(0,J.jsx)(S,{title:(0,J.jsx)(r,{id:`llCoKl`}),children:(0,J.jsx)(B,{id:e})}),(0,J.jsx)(S,{title:(0,J.jsx)(r,{id:`9wXD5O`}),children:(0,J.jsxs)(`div`,{className:`waterfalls`,children:[(0,J.jsx)(Q,{name:t({id:`O3oNi5`}),steps:h.reach.waterfallEmail}),(0,J.jsx)(Q,{name:t({id:`a1ZtRX`}),steps:h.reach.waterfallMail}),(0,J.jsx)(Q,{name:t({id:`TEERTx`}),steps:h.reach.waterfallSms}),(0,J.jsx)(Q,{name:t({id:`zmwvG2`}),steps:h.reach.waterfallPhone})]})})]})]})}function ot({points:e}){let{_:t}=n();if(!e.length)return(0,J.jsx)(v,{title:(0,J.jsx)(r,{id:`wNFhdi`}),children:(0,J.jsx)(`p`,{children:(0,J.jsx)(r,{id:`pZjwxJ`})})});let i=e=>a(e),o=e=>e?`${e>0?`+`:`−`}${a(Math.abs(e))}`:a(e);return(0,J.jsx)(q.Suspense,{fallback:(0,J.jsx)(D,{}),children:(0,J.jsx)(tt,{label:t({id:`4i7r/h`}),times:e.map(e=>e.at),panes:[{height:170,series:[{label:t({id:`wlQNTg`}),tone:`accent`,as:`area`,values:e.map(e=>e.memberCount),text:i}]},{height:110,series:[{label:t({id:`Xz186A`}),tone:`good`,as:`bars`,values:e.map(e=>e.entered),text:o},{label:t({id:`e8NxW1`}),tone:`bad`,as:`bars`,values:e.map(e=>e.exited?-e.exited:0),text:o}]}]})})}function st({segment:e}){let{_:t}=n(),[s,,c]=W(),l=L(),{currency:u}=l.workspace,{totals:d,series:f,byCampaign:p}=e.metrics,h=$.includes(s(`metric`))?s(`metric`):`spend`,g={spend:t({id:`GACGlU`}),impressions:t({id:`bilXG8`}),clicks:t({id:`V+2S0W`}),ctr:t({id:`weNIXK`}),cpc:t({id:`aDnWoi`})},_=(e,t)=>t==null?`–`:e===`spend`||e===`cpc`?i(String(t),u):e===`ctr`?o(Number(t),2):a(Number(t));return(0,J.jsx)(S,{title:(0,J.jsx)(r,{id:`oRJtCM`}),side:(0,J.jsx)(`span`,{className:`muted small`,children:(0,J.jsx)(r,{id:`Tabljp`})}),children:(0,J.jsxs)(`div`,{className:`stack`,children:[(0,J.jsxs)(`div`,{className:`figures small-figures`,children:[(0,J.jsx)(y,{label:t({id:`oRJtCM`}),children:a(d.campaignCount)}),$.map(e=>(0,J.jsx)(y,{label:g[e],children:_(e,d[e])},e))]}),f.length?(0,J.jsxs)(J.Fragment,{children:[(0,J.jsx)(me,{label:t({id:`cKPNsB`}),value:h,options:$.map(e=>[e,g[e]]),onChange:e=>c({metric:e})}),(0,J.jsx)(q.Suspense,{fallback:(0,J.jsx)(D,{}),children:(0,J.jsx)(tt,{label:g[h],times:f.map(e=>`${e.day}T00:00:00Z`),panes:[{height:190,series:[{label:g[h],tone:`accent`,as:h===`ctr`||h===`cpc`?`line`:`bars`,values:f.map(e=>e[h]==null?null:Number(e[h])),text:e=>_(h,e)}]}]})})]}):(0,J.jsxs)(`p`,{className:`muted uses`,children:[e.campaignCount?(0,J.jsx)(r,{id:`D4iyZG`}):(0,J.jsx)(r,{id:`lfc38x`}),` `,F(l)&&(0,J.jsx)(m,{href:`/imports/report`,children:(0,J.jsx)(r,{id:`DiNfip`})})]}),p.length>0&&(0,J.jsx)(`div`,{className:`scroll`,tabIndex:0,role:`group`,"aria-label":t({id:`YZ3ZjU`}),children:(0,J.jsxs)(`table`,{children:[(0,J.jsx)(`thead`,{children:(0,J.jsxs)(`tr`,{children:[(0,J.jsx)(`th`,{children:(0,J.jsx)(r,{id:`D02dD9`})}),$.map(e=>(0,J.jsx)(`th`,{className:`number`,children:g[e]},e))]})}),(0,J.jsx)(`tbody`,{children:p.map(({campaign:e,totals:t})=>(0,J.jsxs)(`tr`,{children:[(0,J.jsx)(`td`,{className:`named`,children:(0,J.jsx)(m,{href:`/campaigns/${e.id}`,children:e.name})}),$.map(e=>(0,J.jsx)(`td`,{className:`number`,children:_(e,t[e])},e))]},e.id))})]})})]})})}function ct({segment:t}){let{currency:n}=L().workspace,{value:o}=t;return(0,J.jsx)(S,{title:(0,J.jsx)(r,{id:`TqBWIU`}),side:o.asOf&&(0,J.jsx)(`span`,{className:`muted small`,children:(0,J.jsx)(r,{id:`cQCBWk`,values:{0:e(o.asOf)}})}),children:o.orders===0?(0,J.jsx)(`p`,{className:`muted`,children:(0,J.jsx)(r,{id:`fCLl8P`})}):(0,J.jsxs)(`div`,{className:`figures small-figures`,children:[(0,J.jsx)(y,{label:(0,J.jsx)(r,{id:`8YBH95`}),children:i(o.revenue,n)}),(0,J.jsx)(y,{label:(0,J.jsx)(r,{id:`1h+RBg`}),children:a(o.orders)}),(0,J.jsx)(y,{label:(0,J.jsx)(r,{id:`3xo6nC`}),children:i(o.averageOrderValue,n)}),(0,J.jsx)(y,{label:(0,J.jsx)(r,{id:`GAKAev`}),children:i(o.customerLifetimeValue,n)}),(0,J.jsx)(y,{label:(0,J.jsx)(r,{id:`5NLRoY`}),children:o.orderLatencyDays==null?`–`:a(Math.round(o.orderLatencyDays))})]})})}var lt=p(`
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
`),ut=[``,`members`,`automation`,`activity`,`compare`];function dt({id:t,tab:i=``}){let{_:o}=n(),c=L(),[{data:l,error:u,fetching:f},p]=d({query:lt,variables:{id:t}}),h=()=>p({requestPolicy:`network-only`}),{actionsOf:g,start:y,dialog:x}=V(h),S=l?.segment;if((0,q.useEffect)(()=>{document.title=`${S?.name??o({id:`RqGEko`})} – seggraph`},[S?.name,o]),P([`SEGMENT_UPDATED`,`SEGMENT_DELETED`,`REACH_READY`,`LABEL_CHANGED`,`FOLDER_CHANGED`],h),!S)return u?(0,J.jsx)(w,{error:u,again:h}):f?(0,J.jsx)(D,{}):(0,J.jsxs)(v,{title:(0,J.jsx)(r,{id:`lZLhUQ`}),children:[(0,J.jsx)(`p`,{children:(0,J.jsx)(r,{id:`QnLck1`})}),(0,J.jsx)(m,{href:`/segments`,className:`button`,children:(0,J.jsx)(r,{id:`0QdOGX`})})]});let C={"":(0,J.jsx)(r,{id:`6/dCYd`}),members:(0,J.jsxs)(J.Fragment,{children:[(0,J.jsx)(r,{id:`wlQNTg`}),` `,(0,J.jsx)(`span`,{className:`badge`,children:a(S.memberCount)})]}),automation:(0,J.jsx)(r,{id:`FFv0Vh`}),activity:(0,J.jsx)(r,{id:`XJOV1Y`}),compare:(0,J.jsx)(r,{id:`YGShnx`})},E=new Set(S.transitions),{reach:O,freshness:k}=S;return(0,J.jsxs)(J.Fragment,{children:[(0,J.jsxs)(T,{title:S.name,below:(0,J.jsxs)(`div`,{className:`row`,children:[(0,J.jsx)(R,{segment:S}),(0,J.jsx)(N,{of:S.status}),(0,J.jsx)(`span`,{className:`badge`,children:M(S.type)}),(0,J.jsx)(`span`,{className:`badge`,children:M(S.kind)}),S.purpose&&(0,J.jsx)(`span`,{className:`badge accent`,children:M(S.purpose)}),S.visibility===`PRIVATE`&&(0,J.jsx)(`span`,{className:`badge`,children:M(`PRIVATE`)}),S.folder&&(0,J.jsx)(m,{href:`/segments?folder=${S.folder.id}`,className:`small`,children:S.folder.name}),S.labels.map(e=>(0,J.jsx)(z,{label:e},e.id))]}),children:[E.has(`PAUSE`)&&(0,J.jsx)(`button`,{type:`button`,className:`button`,onClick:()=>y(`PAUSE`,[S]),children:(0,J.jsx)(r,{id:`IgrLD/`})}),E.has(`RESUME`)&&(0,J.jsx)(`button`,{type:`button`,className:`button primary`,onClick:()=>y(`RESUME`,[S]),children:(0,J.jsx)(r,{id:`v39wLo`})}),E.has(`ACTIVATE`)&&(0,J.jsx)(`button`,{type:`button`,className:`button primary`,onClick:()=>y(`ACTIVATE`,[S]),children:(0,J.jsx)(r,{id:`FQBaXG`})}),F(c)&&E.has(`EDIT`)&&(0,J.jsx)(m,{href:`/segments/${t}/edit`,className:`button`,children:(0,J.jsx)(r,{id:`ePK91l`})}),(0,J.jsx)(A,{label:o({id:`RlLl3G`,values:{0:S.name}}),text:o({id:`7L01XJ`}),actions:g(S)})]}),S.description&&(0,J.jsx)(`p`,{children:S.description}),(0,J.jsxs)(`p`,{className:`muted small`,children:[O.status===`CALCULATING`?(0,J.jsxs)(J.Fragment,{children:[(0,J.jsx)(r,{id:`waNzXf`}),` `,(0,J.jsx)(b,{value:O.progress,label:o({id:`1UnRQ1`,values:{0:S.name}})})]}):(0,J.jsx)(r,{id:`4a2EDe`,values:{0:e(k.asOf)}}),` `,k.pendingChanges>0&&(0,J.jsx)(r,{id:`RvdC/W`,values:{0:k.pendingChanges}}),` `,(0,J.jsxs)(`span`,{title:e(S.lastModifiedAt),children:[M(S.lastAction),` `,s(S.lastModifiedAt)]}),S.lastModifiedBy&&`, ${S.lastModifiedBy.name}`,`.`,` `,S.createdBy&&o({id:`y7LWUe`,values:{0:S.createdBy.name,1:M(S.origin)}})]}),O.status===`FAILED`&&(0,J.jsx)(`div`,{className:`note bad`,role:`alert`,children:(0,J.jsxs)(`div`,{children:[(0,J.jsx)(`p`,{children:(0,J.jsx)(r,{id:`HVCScX`,values:{0:s(O.error?.at),1:O.error?.message}})}),E.has(`RECALCULATE`)&&(0,J.jsx)(`p`,{children:(0,J.jsx)(`button`,{type:`button`,className:`button small`,onClick:()=>y(`RECALCULATE`,[S]),children:(0,J.jsx)(r,{id:`vi233w`})})})]})}),u&&(0,J.jsx)(w,{error:u,again:h}),(0,J.jsx)(_,{label:o({id:`A/81ae`}),tabs:ut.map(e=>({key:e,href:`/segments/${t}${e&&`/${e}`}`,text:C[e],current:e===i}))}),i===``&&(0,J.jsx)(at,{id:t}),i===`members`&&(0,J.jsx)(Je,{segment:S}),i===`automation`&&(0,J.jsx)(De,{id:t}),i===`activity`&&(0,J.jsx)(ye,{id:t}),i===`compare`&&(0,J.jsx)(je,{segment:S}),!ut.includes(i)&&(0,J.jsx)(v,{title:(0,J.jsx)(r,{id:`82YBvD`}),children:(0,J.jsx)(m,{href:`/segments/${t}`,className:`button`,children:(0,J.jsx)(r,{id:`9IKQea`})})}),x]})}export{Q as Waterfall,dt as default};