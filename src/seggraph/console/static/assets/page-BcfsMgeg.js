const __vite__mapDeps=(i,m=__vite__mapDeps,d=(m.f||(m.f=["./chart-8osufsHZ.js","./format-D4aCzYz1.js","./react-DgRzD9U8.js","./chart-BaNYEgHE.css"])))=>i.map(i=>d[i]);
import{a as e,i as t,n,o as r,r as i,t as a}from"./index-DdBNM0Yk.js";import{a as o,f as s,h as c,m as l,o as u,r as d,s as f,t as p}from"./format-D4aCzYz1.js";import{n as m,o as h,t as g}from"./react-DgRzD9U8.js";import{i as _,r as v,t as y}from"./gql-OsCxkkHC.js";import{E as b,T as x,_ as S,b as C,c as w,d as T,g as E,h as D,i as O,j as k,l as A,m as ee,n as j,p as M,r as te,s as N,t as P,u as F,w as I,x as L,y as R}from"./parts-aS9xKNM5.js";import{a as ne,r as z}from"./events-BwFbzpWQ.js";import{a as B,i as re,o as V}from"./viewer-Baqx95S9.js";import{t as H}from"./pages-Bkc5_OV_.js";import{t as U}from"./url-DSUYX-E_.js";import{n as W}from"./values-0t7ASLjp.js";import{c as ie,i as ae,l as oe,n as se,s as ce,t as le}from"./editing-gYN61lW2.js";import{t as G}from"./acts-Pd0ApWjL.js";import{n as ue,r as K}from"./toasts-CkiJcz1i.js";import{o as de}from"./members-CVjx8Y37.js";import{t as fe}from"./grid-DEfy5nvC.js";var q=h(g(),1),J=m();function pe({label:e,value:t,options:n,onChange:r}){return(0,J.jsx)(`span`,{className:`choices`,role:`group`,"aria-label":e,children:n.map(([e,n])=>(0,J.jsx)(`button`,{type:`button`,"aria-pressed":e===t,onClick:()=>r(e),children:n},e))})}var me=y(`
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
`),he=y(`
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
`),ge=y(`
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
`),_e=y(`
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
`),Y=15;function ve({id:e}){let t=V();return(0,J.jsxs)(`div`,{className:`overview`,children:[(0,J.jsx)(ye,{id:e}),(0,J.jsx)(be,{id:e}),(0,J.jsx)(xe,{id:e}),re(t,`ADMINISTER`)&&(0,J.jsx)(Se,{id:e})]})}function X({pages:e,empty:t}){return(0,J.jsxs)(J.Fragment,{children:[e.error&&(0,J.jsx)(A,{error:e.error,again:e.again}),e.rows.length===0&&!e.error&&(e.isFetching?(0,J.jsx)(`div`,{className:`body`,children:(0,J.jsx)(M,{rows:3})}):(0,J.jsx)(`p`,{className:`body muted`,children:t})),e.hasMore&&(0,J.jsxs)(`div`,{className:`body`,children:[(0,J.jsx)(`button`,{type:`button`,className:`button small`,onClick:e.more,children:(0,J.jsx)(l,{id:`fMPkxb`})}),` `,(0,J.jsx)(`span`,{className:`muted small`,children:(0,J.jsx)(l,{id:`S6weo+`,values:{0:e.totalCount??0}})})]})]})}function ye({id:e}){let{_:t}=c(),n=H(me,{id:e,first:Y},e=>e.segment?.runs,{refreshedBy:[`REACH_READY`,`REACH_FAILED`]});return(0,J.jsxs)(O,{title:(0,J.jsx)(l,{id:`gCFjVx`}),bare:!0,children:[n.rows.length>0&&(0,J.jsx)(`div`,{className:`scroll`,tabIndex:0,role:`group`,"aria-label":t({id:`gCFjVx`}),children:(0,J.jsxs)(`table`,{children:[(0,J.jsx)(`thead`,{children:(0,J.jsxs)(`tr`,{children:[(0,J.jsx)(`th`,{className:`short`,children:(0,J.jsx)(l,{id:`JEGlfK`})}),(0,J.jsx)(`th`,{children:(0,J.jsx)(l,{id:`uAQUqI`})}),(0,J.jsx)(`th`,{className:`short`,children:(0,J.jsx)(l,{id:`sJmqJB`})}),(0,J.jsx)(`th`,{className:`number`,children:(0,J.jsx)(l,{id:`wlQNTg`})}),(0,J.jsx)(`th`,{className:`number`,children:(0,J.jsx)(l,{id:`Xz186A`})}),(0,J.jsx)(`th`,{className:`number`,children:(0,J.jsx)(l,{id:`e8NxW1`})})]})}),(0,J.jsx)(`tbody`,{children:n.rows.map(e=>(0,J.jsxs)(`tr`,{children:[(0,J.jsx)(`td`,{className:`short`,title:o(e.startedAt),children:p(e.startedAt)}),(0,J.jsxs)(`td`,{children:[(0,J.jsx)(R,{of:e.status}),` `,e.error?.message]}),(0,J.jsx)(`td`,{className:`short`,children:I(e.trigger)}),(0,J.jsx)(`td`,{className:`number`,children:d(e.memberCount)}),(0,J.jsx)(`td`,{className:`number`,children:d(e.entered)}),(0,J.jsx)(`td`,{className:`number`,children:d(e.exited)})]},e.id))})]})}),(0,J.jsx)(X,{pages:n,empty:(0,J.jsx)(l,{id:`WdBSYp`})})]})}function be({id:e}){let{_:t}=c(),[n,,r]=U(),i=n(`moved`)===`ENTERED`||n(`moved`)===`EXITED`?n(`moved`):``,a=H(he,{id:e,first:Y,direction:i||null},e=>e.segment?.membershipChanges,{refreshedBy:[`MEMBERS_ENTERED`,`MEMBERS_EXITED`]});return(0,J.jsxs)(O,{title:(0,J.jsx)(l,{id:`vlQufF`}),bare:!0,side:(0,J.jsx)(pe,{label:t({id:`8vETh9`}),value:i,options:[[``,t({id:`njBeMm`})],[`ENTERED`,I(`ENTERED`)],[`EXITED`,I(`EXITED`)]],onChange:e=>r({moved:e})}),children:[(0,J.jsx)(`ul`,{className:`plain-list`,children:a.rows.map(e=>(0,J.jsxs)(`li`,{children:[(0,J.jsx)(`span`,{className:`badge ${e.direction===`ENTERED`?`good`:`bad`}`,children:I(e.direction)}),(0,J.jsx)(b,{href:`/members/${e.member.id}`,className:`grow`,children:e.member.name??e.member.externalId}),(0,J.jsxs)(`span`,{className:`muted small`,children:[[...(e.sources??[]).filter(t=>t!==`PLAYBOOK`||!e.playbooks.length).map(I),...e.playbooks.map(e=>e.name)].join(`, `)||I(e.trigger),`, `,(0,J.jsx)(`span`,{title:o(e.at),children:p(e.at)})]})]},`${e.member.id}${e.at}${e.direction}`))}),(0,J.jsx)(X,{pages:a,empty:(0,J.jsx)(l,{id:`X4WLQH`})})]})}function xe({id:e}){let{_:t}=c(),n=H(ge,{id:e,first:Y},e=>e.deliveries,{refreshedBy:[`DELIVERY_CHANGED`]});return(0,J.jsxs)(O,{title:(0,J.jsx)(l,{id:`da4KrH`}),bare:!0,children:[(0,J.jsx)(`ul`,{className:`plain-list`,children:n.rows.map(e=>(0,J.jsxs)(`li`,{children:[(0,J.jsxs)(`div`,{className:`grow stack tight`,children:[(0,J.jsxs)(`span`,{className:`row`,children:[(0,J.jsx)(b,{href:`/destinations/${e.destination.id}`,children:e.destination.name}),(0,J.jsx)(R,{of:e.status}),e.status===`BUILDING`&&(0,J.jsx)(E,{value:e.progress,label:t({id:`Y6b+Zs`,values:{0:e.destination.name}})})]}),(0,J.jsxs)(`span`,{className:`muted small`,children:[e.listName??`–`,e.asOf&&`, ${t({id:`5J3fTH`})} ${o(e.asOf)}`]}),e.error&&(0,J.jsxs)(`span`,{className:`wrong small`,children:[e.error.message,e.retryAt&&` ${t({id:`3hmbqo`,values:{0:p(e.retryAt)}})}`]})]}),(0,J.jsxs)(`span`,{className:`number small`,children:[d(e.deliveredCount),e.memberCount!=null&&` / ${d(e.memberCount)}`]})]},e.id))}),(0,J.jsx)(X,{pages:n,empty:(0,J.jsx)(l,{id:`5MSeMz`})})]})}function Se({id:e}){let t=H(_e,{id:e,first:Y},e=>e.auditLog,{refreshedBy:[`SEGMENT_UPDATED`,`SEGMENT_ARCHIVED`]});return(0,J.jsxs)(O,{title:(0,J.jsx)(l,{id:`n8NdMn`}),bare:!0,children:[(0,J.jsx)(`ul`,{className:`plain-list`,children:t.rows.map(e=>(0,J.jsxs)(`li`,{children:[(0,J.jsxs)(`div`,{className:`grow stack tight`,children:[(0,J.jsxs)(`span`,{children:[(0,J.jsx)(`strong`,{children:I(e.action)}),` `,(0,J.jsx)(`span`,{className:`muted`,children:(0,J.jsx)(l,{id:`t490IT`,values:{0:e.actor.name}})})]}),(0,J.jsx)(Ce,{before:e.before,after:e.after})]}),(0,J.jsx)(`span`,{className:`muted small`,title:o(e.at),children:p(e.at)})]},e.id))}),(0,J.jsx)(X,{pages:t,empty:(0,J.jsx)(l,{id:`iaX83X`})})]})}function Ce({before:e,after:t}){let n=e??{},r=t??{},i=[...new Set([...Object.keys(n),...Object.keys(r)])].filter(e=>JSON.stringify(n[e])!==JSON.stringify(r[e]));if(!i.length)return null;let a=e=>{let t=typeof e==`object`&&e&&!Array.isArray(e)?JSON.stringify(e):W(e);return t.length>90?`${t.slice(0,90)}…`:t};return(0,J.jsxs)(`span`,{className:`muted small`,style:{overflowWrap:`anywhere`},children:[i.slice(0,4).map(e=>e in n?`${e}: ${a(n[e])} → ${a(r[e])}`:`${e}: ${a(r[e])}`).join(` · `),i.length>4&&` …`]})}var we=y(`
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
`);function Te(e){let[,t,n,r]=/^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?/.exec(e)??[];return[t&&`${t} d`,n&&`${n} h`,r&&`${r} min`].filter(Boolean).join(` `)||e}function Ee({id:e}){let{_:t}=c(),[{data:r,error:i,fetching:a},s]=_({query:we,variables:{id:e}}),u=()=>s({requestPolicy:`network-only`});z([`PLAYBOOK_CHANGED`,`SEGMENT_UPDATED`,`REACH_READY`],u);let f=r?.segment;if(!f)return i?(0,J.jsx)(A,{error:i,again:u}):a?(0,J.jsx)(M,{rows:6}):null;let{freshness:m,sources:h}=f,g={CRITERIA:f.criteriaSentence??t({id:`ghXVnh`}),MANUAL:t({id:`/g9Mx8`}),IMPORT:t({id:`7C8QJl`}),PLAYBOOK:``};return(0,J.jsxs)(J.Fragment,{children:[i&&(0,J.jsx)(A,{error:i,again:u}),(0,J.jsxs)(`div`,{className:`overview`,children:[(0,J.jsx)(O,{title:(0,J.jsx)(l,{id:`PHcSXF`}),bare:!0,children:(0,J.jsxs)(`ul`,{className:`plain-list`,children:[h.map((t,n)=>(0,J.jsxs)(`li`,{children:[(0,J.jsxs)(`div`,{className:`grow stack tight`,children:[(0,J.jsxs)(`span`,{className:`row`,children:[(0,J.jsx)(`strong`,{children:I(t.kind)}),t.playbook&&(0,J.jsxs)(J.Fragment,{children:[(0,J.jsx)(b,{href:`/playbooks/${t.playbook.id}`,children:t.playbook.name}),(0,J.jsx)(R,{of:t.playbook.status})]})]}),(0,J.jsx)(`span`,{className:`muted small`,children:t.playbook?t.playbook.criteriaSentence:g[t.kind]})]}),(0,J.jsxs)(`span`,{className:`number`,children:[(0,J.jsx)(l,{id:`pkIIls`,values:{0:t.memberCount}}),t.blockedCount>0&&(0,J.jsxs)(J.Fragment,{children:[(0,J.jsx)(`br`,{}),(0,J.jsx)(b,{href:`/segments/${e}/members?view=blocked`,className:`small`,children:(0,J.jsx)(l,{id:`YqjWXP`,values:{0:t.blockedCount}})})]})]})]},n)),h.length===0&&(0,J.jsx)(`li`,{className:`muted`,children:(0,J.jsx)(l,{id:`6lQgGs`})})]})}),(0,J.jsx)(O,{title:(0,J.jsx)(l,{id:`6jHUJ5`}),children:(0,J.jsx)(ae,{of:[[t({id:`Ir3DTR`}),o(m.asOf)],[t({id:`RtiMut`}),d(m.pendingChanges)],[t({id:`4bTLOj`}),f.syncInterval?t({id:`vK9oeH`,values:{0:Te(f.syncInterval)}}):t({id:`xzqQyv`})],[t({id:`RZBJq5`}),f.nextSyncAt?p(f.nextSyncAt):`–`]]})}),(0,J.jsx)(O,{title:(0,J.jsx)(l,{id:`llCoKl`}),children:(0,J.jsx)(n,{id:e})})]})]})}var De=y(`
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
`),Oe=y(`
  query NamesOfSegments($ids: [ID!]!) {
    nodes(ids: $ids) {
      ... on Segment {
        id
        name
      }
    }
  }
`),ke=y(`
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
`);function Ae({segment:e}){let{_:t}=c(),n=V(),[,r,i]=U(),[a,o]=(0,q.useState)(null),s=r(`with`).filter(t=>t!==e.id).slice(0,2),u=[e.id,...s],[{data:p}]=_({query:Oe,variables:{ids:s},pause:!s.length}),[{data:m,error:h,fetching:g},v]=_({query:De,variables:{ids:u},pause:!s.length});ne(e=>{u.includes(e.segment.id)&&e.__typename===`MembershipChanged`&&s.length&&v({requestPolicy:`network-only`})});let y=s.map(e=>({id:e,name:p?.nodes.flatMap(t=>t?.__typename===`Segment`&&t.id===e?[t.name]:[])[0]??`…`})),x=s.length?m?.compareSegments:void 0,S=u.map(e=>({segment:e})),C=x?.segments.map(e=>e.segment.name).join(`, `)??``;return(0,J.jsxs)(`div`,{className:`two`,children:[(0,J.jsxs)(O,{title:(0,J.jsx)(l,{id:`7DI7uv`}),children:[h&&(0,J.jsx)(A,{error:h,again:()=>v({requestPolicy:`network-only`})}),!s.length&&(0,J.jsx)(w,{title:(0,J.jsx)(l,{id:`T8v3DB`}),children:(0,J.jsx)(`p`,{children:(0,J.jsx)(l,{id:`4sysLp`})})}),s.length>0&&!x&&g&&(0,J.jsx)(M,{}),x&&(0,J.jsx)(D,{of:x.errors}),x&&!x.errors.length&&(0,J.jsxs)(`div`,{className:`stack`,children:[(0,J.jsx)(Fe,{of:x}),(0,J.jsx)(`div`,{className:`scroll`,children:(0,J.jsxs)(`table`,{children:[(0,J.jsx)(`thead`,{children:(0,J.jsxs)(`tr`,{children:[(0,J.jsx)(`th`,{children:(0,J.jsx)(l,{id:`RqGEko`})}),(0,J.jsx)(`th`,{className:`number`,children:(0,J.jsx)(l,{id:`wlQNTg`})}),(0,J.jsx)(`th`,{className:`number`,children:(0,J.jsx)(l,{id:`aX1fVG`})})]})}),(0,J.jsx)(`tbody`,{children:x.segments.map((e,t)=>(0,J.jsxs)(`tr`,{children:[(0,J.jsxs)(`td`,{children:[(0,J.jsx)(`i`,{className:`colour c${t}`}),(0,J.jsx)(b,{href:`/segments/${e.segment.id}`,children:e.segment.name})]}),(0,J.jsx)(`td`,{className:`number`,children:d(e.memberCount)}),(0,J.jsx)(`td`,{className:`number`,children:d(e.onlyIn)})]},e.segment.id))})]})}),(0,J.jsx)(`div`,{className:`scroll`,children:(0,J.jsxs)(`table`,{children:[(0,J.jsx)(`thead`,{children:(0,J.jsxs)(`tr`,{children:[(0,J.jsx)(`th`,{children:(0,J.jsx)(l,{id:`95IA/U`})}),(0,J.jsx)(`th`,{className:`number`,children:(0,J.jsx)(l,{id:`wlQNTg`})}),(0,J.jsx)(`th`,{className:`number`,children:(0,J.jsx)(l,{id:`SlZii8`})})]})}),(0,J.jsxs)(`tbody`,{children:[x.overlaps.map(e=>(0,J.jsxs)(`tr`,{children:[(0,J.jsxs)(`td`,{children:[e.first.name,` ∩ `,e.second.name]}),(0,J.jsx)(`td`,{className:`number`,children:d(e.overlap)}),(0,J.jsx)(`td`,{className:`number`,children:f(e.jaccard,1)})]},e.first.id+e.second.id)),x.segments.length>2&&(0,J.jsxs)(`tr`,{children:[(0,J.jsx)(`td`,{children:(0,J.jsx)(l,{id:`FEJu/N`})}),(0,J.jsx)(`td`,{className:`number`,children:d(x.intersection)}),(0,J.jsx)(`td`,{className:`number`,children:f(x.union?x.intersection/x.union:null,1)})]}),(0,J.jsxs)(`tr`,{children:[(0,J.jsx)(`td`,{children:(0,J.jsx)(l,{id:`tkKfCH`})}),(0,J.jsx)(`td`,{className:`number`,children:d(x.union)}),(0,J.jsx)(`td`,{className:`number`,children:f(1)})]})]})]})}),B(n)&&(0,J.jsxs)(`div`,{className:`row`,children:[(0,J.jsx)(`button`,{type:`button`,className:`button`,onClick:()=>o({name:t({id:`GU2tLN`,values:{names:C}}),expression:{intersect:S}}),children:(0,J.jsx)(l,{id:`M9Gn7N`})}),(0,J.jsx)(`button`,{type:`button`,className:`button`,onClick:()=>o({name:t({id:`TQ85BZ`,values:{names:C}}),expression:{union:S}}),children:(0,J.jsx)(l,{id:`Hris5O`})}),(0,J.jsx)(`button`,{type:`button`,className:`button`,onClick:()=>o({name:t({id:`8h+Fx0`,values:{0:e.name}}),expression:{subtract:S}}),children:(0,J.jsx)(l,{id:`vQaITp`,values:{0:e.name}})})]})]})]}),(0,J.jsx)(O,{title:(0,J.jsx)(l,{id:`N0ZLtF`,values:{0:e.name}}),children:(0,J.jsx)(ce,{legend:t({id:`1ZTiaz`}),kind:e.kind,chosen:y,most:2,onChange:t=>i({with:t.map(e=>e.id).filter(t=>t!==e.id)})})}),a&&(0,J.jsx)(je,{...a,onClose:()=>o(null)})]})}function je({name:e,expression:t,onClose:n}){let{_:r}=c(),{act:i,busy:a,problems:o}=G(),[,s]=k(),[u,d]=(0,q.useState)(e.slice(0,200));async function f(){let e=await i(ke,{input:{name:u,expression:t}});e?.segment&&(K(r({id:`znZSML`})),s(`/segments/${e.segment.id}`))}return(0,J.jsx)(le,{title:(0,J.jsx)(l,{id:`RVeTxp`}),action:(0,J.jsx)(l,{id:`hYgDIe`}),busy:a,problems:oe(o,`name`),onSubmit:()=>void f(),onClose:n,children:(0,J.jsx)(ie,{label:r({id:`6YtxFj`}),value:u,onChange:d,problems:o,name:`name`,autoFocus:!0})})}function Me(e,t,n){return n>=e+t?0:n<=Math.abs(e-t)?Math.PI*Math.min(e,t)**2:e*e*Math.acos((n**2+e*e-t*t)/(2*n*e))+t*t*Math.acos((n**2+t*t-e*e)/(2*n*t))-.5*Math.sqrt((-n+e+t)*(n+e-t)*(n-e+t)*(n+e+t))}function Ne(e,t,n){if(n<=0)return e+t+6;let r=Math.abs(e-t),i=e+t;for(let a=0;a<50;a+=1){let a=(r+i)/2;Me(e,t,a)>n?r=a:i=a}return(r+i)/2}function Pe({segments:e,overlaps:t}){let n=Math.max(1,...e.map(e=>e.memberCount)),r=e=>Math.PI*110**2*e/n,i=e.map(e=>Math.max(4,Math.sqrt(r(e.memberCount)/Math.PI))),a=(n,a)=>{let o=[e[n]?.segment.id,e[a]?.segment.id],s=t.find(e=>o.includes(e.first.id)&&o.includes(e.second.id))?.overlap??0;return Ne(i[n]??0,i[a]??0,r(s))},[o=0,s=0,c]=i,l=a(0,1),u=[{x:0,y:0,r:o},{x:l,y:0,r:s}];if(c!==void 0){let e=a(0,2),t=a(1,2),n=l?(e**2-t**2+l**2)/(2*l):0,r=Math.max(-e,Math.min(e,n));u.push({x:r,y:Math.sqrt(Math.max(0,e**2-r**2)),r:c})}return u}function Fe({of:e}){let{_:t}=c(),n=Pe(e),r=Math.min(...n.map(e=>e.x-e.r))-8,i=Math.max(...n.map(e=>e.x+e.r))+8,a=Math.min(...n.map(e=>e.y-e.r))-8,o=Math.max(...n.map(e=>e.y+e.r))+8,s=e.overlaps.map(e=>t({id:`/5JyWO`,values:{0:e.first.name,1:e.second.name,2:d(e.overlap)}})).join(`. `);return(0,J.jsxs)(`figure`,{style:{margin:0},children:[(0,J.jsx)(`svg`,{className:`overlap`,viewBox:`${r} ${a} ${i-r} ${o-a}`,role:`img`,"aria-label":s,children:n.map((t,n)=>(0,J.jsx)(`circle`,{className:`c${n}`,cx:t.x,cy:t.y,r:t.r,children:(0,J.jsx)(`title`,{children:e.segments[n]?.segment.name})},n))}),n.length>2&&(0,J.jsx)(`figcaption`,{className:`muted small`,style:{textAlign:`center`},children:(0,J.jsx)(l,{id:`dhFM/j`})})]})}var Ie=6;y(`
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
`);var Le=y(`
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
`);function Re({of:e,level:t=1}){let{_:n}=c();return(0,J.jsxs)(`li`,{children:[(0,J.jsxs)(`span`,{children:[(0,J.jsx)(`span`,{className:`mark ${e.matches?`yes`:`no`}`,role:`img`,"aria-label":e.matches?n({id:`8Ou0p0`}):n({id:`blE7Ns`}),children:e.matches?`✓`:`✗`}),(0,J.jsxs)(`span`,{children:[e.sentence,e.actual!=null&&(0,J.jsxs)(`span`,{className:`actual`,children:[` · `,(0,J.jsx)(l,{id:`7a/Njx`,values:{0:W(e.actual)}})]})]})]}),e.children&&e.children.length>0&&(0,J.jsx)(`ul`,{className:`why`,children:e.children.map((e,n)=>(0,J.jsx)(Re,{of:e,level:t+1},n))}),t===Ie&&(0,J.jsx)(`p`,{className:`muted small`,children:(0,J.jsx)(l,{id:`E2aZBq`})})]})}function ze({segmentId:e,memberId:t,onClose:n}){let[{data:r,error:i}]=_({query:Le,variables:{segmentId:e,memberId:t},requestPolicy:`network-only`}),a=r?.segment?.explain,s=r?.member?.name??r?.member?.externalId??``;return(0,J.jsxs)(j,{wide:!0,title:a?a.isMember?(0,J.jsx)(l,{id:`9nHpDh`,values:{name:s}}):(0,J.jsx)(l,{id:`G1Qzoe`,values:{name:s}}):(0,J.jsx)(l,{id:`9BruTc`}),onClose:n,children:[i&&(0,J.jsx)(A,{error:i}),a?(0,J.jsxs)(`div`,{className:`stack`,children:[(0,J.jsxs)(`section`,{className:`stack tight`,children:[(0,J.jsx)(`h3`,{children:(0,J.jsx)(l,{id:`MR2JOZ`})}),(0,J.jsx)(`ul`,{className:`why`,children:a.sources.map((e,t)=>(0,J.jsx)(`li`,{children:(0,J.jsxs)(`span`,{children:[(0,J.jsx)(`span`,{className:`mark ${e.linked?`yes`:`no`}`,"aria-hidden":`true`,children:e.linked?`✓`:`✗`}),(0,J.jsxs)(`span`,{children:[I(e.kind),e.playbook&&(0,J.jsxs)(J.Fragment,{children:[`: `,e.playbook.name]}),` `,(0,J.jsx)(`span`,{className:`muted`,children:e.blocked?(0,J.jsx)(l,{id:`xPES9S`}):e.linked?e.since?(0,J.jsx)(l,{id:`SXxhNE`,values:{0:o(e.since)}}):(0,J.jsx)(l,{id:`s568qc`}):(0,J.jsx)(l,{id:`uHa0lu`})})]})]})},t))})]}),a.criteria&&(0,J.jsxs)(`section`,{className:`stack tight`,children:[(0,J.jsx)(`h3`,{children:(0,J.jsx)(l,{id:`AJhCxQ`})}),(0,J.jsx)(`ul`,{className:`why`,"aria-label":`Criteria`,children:(0,J.jsx)(Re,{of:a.criteria})})]}),a.missing.length>0&&(0,J.jsxs)(`section`,{className:`stack tight`,children:[(0,J.jsx)(`h3`,{children:(0,J.jsx)(l,{id:`OrntpD`})}),(0,J.jsx)(`ul`,{children:a.missing.map(e=>(0,J.jsx)(`li`,{children:e},e))})]}),r.member&&r.member.segmentIntervals.length>0&&(0,J.jsxs)(`section`,{className:`stack tight`,children:[(0,J.jsx)(`h3`,{children:(0,J.jsx)(l,{id:`JqrFvx`})}),(0,J.jsx)(`ul`,{children:r.member.segmentIntervals.map(e=>(0,J.jsxs)(`li`,{children:[o(e.from),` – `,e.to?o(e.to):(0,J.jsx)(l,{id:`YwzE9K`})]},e.from))})]}),(0,J.jsx)(`p`,{children:(0,J.jsx)(b,{href:`/members/${t}`,children:(0,J.jsx)(l,{id:`cb/NNi`})})})]}):!i&&(r?(0,J.jsx)(`p`,{children:(0,J.jsx)(l,{id:`ZEgO/s`})}):(0,J.jsx)(M,{}))]})}y(`
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
`);var Be=y(`
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
`),Ve=y(`
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
`),He=y(`
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
`),Ue=y(`
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
`),We=y(`
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
`),Ge=y(`
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
`),Ke=y(`
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
`),qe=100,Je=[`email`,`country`,`city`,`industry`,`employees`,`score`,`tags`],Z=e=>e.name??e.externalId;function Ye(e){let{_:t}=c(),{currency:n}=V().workspace,[{data:r}]=_({query:de,variables:{kind:e}});return[{key:`externalId`,title:t({id:`6F3V0+`}),width:`140px`,sort:`externalId`,cell:e=>e.externalId},{key:`email`,title:t({id:`O3oNi5`}),width:`minmax(200px, 1.4fr)`,sort:`email`,cell:e=>e.email??`–`},{key:`phone`,title:t({id:`zmwvG2`}),width:`150px`,cell:e=>e.phone??`–`},{key:`domain`,title:t({id:`EoKe5U`}),width:`170px`,sort:`domain`,cell:e=>e.domain??`–`},{key:`country`,title:t({id:`JNCzPW`}),width:`96px`,sort:`country`,cell:e=>e.country??`–`},{key:`city`,title:t({id:`3wV73y`}),width:`130px`,sort:`city`,cell:e=>e.city??`–`},{key:`postalCode`,title:t({id:`U4aiMW`}),width:`110px`,cell:e=>e.postalCode??`–`},{key:`industry`,title:t({id:`S8gy7K`}),width:`140px`,sort:`industry`,cell:e=>e.industry??`–`},{key:`employees`,title:t({id:`gqv5ZL`}),width:`110px`,number:!0,sort:`employees`,cell:e=>d(e.employees)},{key:`revenue`,title:t({id:`8YBH95`}),width:`150px`,number:!0,sort:`revenue`,cell:e=>u(e.revenue,n)},{key:`score`,title:t({id:`Eq6YVV`}),width:`84px`,number:!0,sort:`score`,cell:e=>d(e.score)},{key:`tags`,title:t({id:`OYHzN1`}),width:`190px`,cell:e=>e.tags.map(e=>(0,J.jsx)(`span`,{className:`badge`,style:{marginRight:4},children:e},e))},{key:`updatedAt`,title:t({id:`QPKjtv`}),width:`170px`,sort:`updatedAt`,cell:e=>o(e.updatedAt)},...(r?.criteriaFields??[]).filter(e=>e.isCustom).map(e=>({key:`attributes.${e.name}`,title:e.label,width:`150px`,...e.type!==`STRING_LIST`&&{sort:e.name},...e.type===`NUMBER`&&{number:!0},cell:t=>W(t.attributes[e.name])}))]}var Xe=e=>`${e}T23:59:59Z`;function Ze({segment:e}){let{_:t}=c(),n=V(),[r,i,a]=U(),{id:o,kind:s}=e,u=r(`view`)===`blocked`,f=u?``:r(`at`),p=r(`search`),[m,h]=r(`sort`).split(`:`),[g,_]=(0,q.useState)(new Set),[v,y]=(0,q.useState)(null),[T,E]=(0,q.useState)(!1),D={id:o,first:qe},O=!u&&!f,k=H(Be,{...D,search:p||null,orderBy:m?{field:m,direction:h===`DESC`?`DESC`:`ASC`}:null},e=>e.segment?.members,{pause:!O}),ee=H(Ve,{...D,at:Xe(f||`2000-01-01`)},e=>e.segment?.membershipAt,{pause:!f}),j=H(He,D,e=>{let t=e.segment?.blockedMembers;return t&&{...t,nodes:t.edges.map(({node:e,sources:t,playbooks:n})=>({...e,blockedBy:[...t.filter(e=>e!==`PLAYBOOK`||!n.length).map(I),...n.map(e=>e.name)].join(`, `)}))}}),N=u?j:f?ee:k;ne(e=>{e.__typename===`MembershipChanged`&&e.segment.id===o&&E(!0)});let P=B(n)&&e.transitions.includes(`EDIT`),F=N.rows.filter(e=>g.has(e.id)),L=()=>{_(new Set),E(!1),k.again(),j.again()},R=Ye(s),z=i(`columns`).length?i(`columns`):Je,re=[{key:`name`,title:t({id:`6YtxFj`}),width:`minmax(200px, 1.6fr)`,sort:`name`,cell:e=>(0,J.jsx)(b,{href:`/members/${e.id}`,className:`name`,title:Z(e),children:Z(e)})},{key:`why`,title:t({id:`DJlSwA`}),width:`84px`,cell:e=>(0,J.jsx)(`button`,{type:`button`,className:`button small`,"aria-label":t(u?{id:`oGsaCZ`,values:{0:Z(e)}}:{id:`vkvuQc`,values:{0:Z(e)}}),onClick:()=>a({why:e.id}),children:(0,J.jsx)(l,{id:`9BruTc`})})},...u?[{key:`blockedBy`,title:t({id:`X469Up`}),width:`190px`,cell:e=>e.blockedBy??`–`}]:[],...R.filter(e=>z.includes(e.key))],W=O?re:re.map(({sort:e,...t})=>t),ie=e=>`/segments/${o}/members${e&&`?view=${e}`}`;return(0,J.jsxs)(J.Fragment,{children:[(0,J.jsxs)(`div`,{className:`row`,children:[(0,J.jsx)(C,{label:t({id:`s3bnjE`}),tabs:[{key:`in`,href:ie(``),current:!u,text:(0,J.jsx)(l,{id:`eQXv2n`})},{key:`blocked`,href:ie(`blocked`),current:u,text:(0,J.jsxs)(J.Fragment,{children:[(0,J.jsx)(l,{id:`1bpdKR`}),j.totalCount!==null&&(0,J.jsxs)(J.Fragment,{children:[` `,(0,J.jsx)(`span`,{className:`badge`,children:d(j.totalCount)})]})]})}]}),(0,J.jsx)(`span`,{className:`grow`}),P&&!u&&(0,J.jsxs)(`button`,{type:`button`,className:`button primary`,onClick:()=>y(`add`),children:[(0,J.jsx)(x,{name:`plus`}),(0,J.jsx)(l,{id:`Gd7oV4`})]}),P&&!u&&e.type===`STATIC`&&(0,J.jsxs)(b,{href:`/imports?segment=${o}`,className:`button`,children:[(0,J.jsx)(x,{name:`imports`}),(0,J.jsx)(l,{id:`2xoyqj`})]}),B(n)&&!u&&(0,J.jsxs)(`button`,{type:`button`,className:`button`,onClick:()=>y(`export`),children:[(0,J.jsx)(x,{name:`download`}),(0,J.jsx)(l,{id:`GS+Mus`})]})]}),u&&(0,J.jsx)(`p`,{className:`muted`,children:(0,J.jsx)(l,{id:`5noxeM`})}),(0,J.jsxs)(`div`,{className:`row`,children:[O&&(0,J.jsx)(S,{label:t({id:`AaDUlx`}),value:p,onChange:e=>a({search:e})},p?`kept`:`none`),!u&&(0,J.jsxs)(`label`,{className:`row small`,children:[(0,J.jsx)(l,{id:`UPcaBm`}),(0,J.jsx)(`input`,{type:`date`,style:{width:`auto`},max:new Date().toISOString().slice(0,10),value:f,onChange:e=>{_(new Set),a({at:e.target.value,search:``,sort:``})}})]}),f&&(0,J.jsx)(`button`,{type:`button`,className:`button small`,onClick:()=>a({at:``}),children:(0,J.jsx)(l,{id:`zVMGyu`})}),(0,J.jsx)(te,{text:t({id:`jEu4bB`}),icon:`columns`,children:(0,J.jsx)(`div`,{style:{maxHeight:`20rem`,overflow:`auto`},role:`group`,tabIndex:0,"aria-label":t({id:`jEu4bB`}),children:R.map(e=>(0,J.jsxs)(`label`,{className:`check small`,children:[(0,J.jsx)(`input`,{type:`checkbox`,checked:z.includes(e.key),onChange:t=>a({columns:R.map(e=>e.key).filter(n=>n===e.key?t.target.checked:z.includes(n))})}),e.title]},e.key))})}),T&&O&&(0,J.jsxs)(`button`,{type:`button`,className:`button small`,onClick:()=>{E(!1),k.again()},children:[(0,J.jsx)(x,{name:`refresh`}),(0,J.jsx)(l,{id:`tCH0wd`})]}),(0,J.jsx)(`span`,{className:`muted small`,role:`status`,children:N.totalCount!=null&&(0,J.jsx)(l,{id:`pkIIls`,values:{0:N.totalCount}})})]}),N.error&&(0,J.jsx)(A,{error:N.error,again:N.again}),(0,J.jsxs)(`div`,{className:`card`,children:[F.length>0&&(0,J.jsxs)(`div`,{className:`bulk`,role:`toolbar`,"aria-label":t({id:`7LDI7J`}),children:[(0,J.jsx)(`strong`,{children:(0,J.jsx)(l,{id:`Tqs9eY`,values:{0:F.length}})}),u?(0,J.jsx)(`button`,{type:`button`,className:`button small`,onClick:()=>y(`give`),children:(0,J.jsx)(l,{id:`umWfc5`})}):(0,J.jsx)(`button`,{type:`button`,className:`button small`,onClick:()=>y(`remove`),children:(0,J.jsx)(l,{id:`UJLvOc`})}),(0,J.jsx)(`button`,{type:`button`,className:`button small plain`,onClick:()=>_(new Set),children:(0,J.jsx)(l,{id:`fenqvN`})})]}),N.rows.length>0?(0,J.jsx)(fe,{label:t({id:`wlQNTg`}),rows:N.rows,columns:W,idOf:e=>e.id,nameOf:Z,total:N.totalCount,hasMore:N.hasMore,more:N.more,onOpen:e=>a({why:e.id}),...P&&!f&&{selected:g,onSelect:_},...O&&{sort:r(`sort`),onSort:e=>a({sort:e})}}):N.isFetching?(0,J.jsx)(`div`,{style:{padding:`1rem`},children:(0,J.jsx)(M,{rows:6})}):!N.error&&(u?(0,J.jsx)(w,{title:(0,J.jsx)(l,{id:`3FItSy`})}):f?(0,J.jsx)(w,{title:(0,J.jsx)(l,{id:`9BRGVb`})}):p?(0,J.jsx)(w,{title:(0,J.jsx)(l,{id:`Ja7j+o`}),children:(0,J.jsx)(`button`,{type:`button`,className:`button`,onClick:()=>a({search:``}),children:(0,J.jsx)(l,{id:`AM3BUJ`})})}):(0,J.jsx)(w,{title:(0,J.jsx)(l,{id:`UwvrGq`}),children:(0,J.jsx)(`p`,{children:(0,J.jsx)(l,{id:`VVJy28`})})}))]}),r(`why`)&&(0,J.jsx)(ze,{segmentId:o,memberId:r(`why`),onClose:()=>a({why:``})}),v===`add`&&(0,J.jsx)(Qe,{segment:e,onClose:()=>y(null),onDone:L}),v===`remove`&&(0,J.jsx)($e,{segment:e,rows:F,onClose:()=>y(null),onDone:L}),v===`give`&&(0,J.jsx)(et,{segment:e,rows:F,onClose:()=>y(null),onDone:L}),v===`export`&&(0,J.jsx)(nt,{segment:e,columns:[`name`,...z],onClose:()=>y(null)})]})}function Qe({segment:e,onClose:t,onDone:n}){let{_:r}=c(),{act:i,busy:a,problems:o,setProblems:s}=G(),[u,d]=(0,q.useState)(``),[f,p]=(0,q.useState)(``),[m,h]=(0,q.useState)([]),[g,v]=(0,q.useState)(null),y=L(u.trim()),[{data:b,fetching:x}]=_({query:Ue,variables:{kind:e.kind,search:y||null}}),S=b?.members.nodes??[];async function C(){let a=f.split(/[\s,;]+/).filter(Boolean);if(!m.length&&!a.length)return s([{code:`REQUIRED`,message:r({id:`9wsCC9`})}]);let o={...m.length&&{memberIds:m.map(e=>e.id)},...a.length&&{externalIds:a}},c=await i(We,{input:{segmentIds:[e.id],...o}});if(c){if(K(r({id:`o7KL0X`,values:{0:c.changed,1:c.alreadyDone}})),n(),c.notFound.length)return h([]),p(c.notFound.join(`
`)),s([{code:`NOT_FOUND`,message:r({id:`54tCyT`,values:{0:c.notFound.slice(0,5).join(`, `)}})}]);t()}}return(0,J.jsxs)(J.Fragment,{children:[(0,J.jsxs)(le,{wide:!0,title:(0,J.jsx)(l,{id:`4swgic`,values:{0:e.name}}),action:(0,J.jsx)(l,{id:`m16xKo`}),busy:a,problems:o,onSubmit:()=>void C(),onClose:t,children:[(0,J.jsxs)(`fieldset`,{className:`picker`,children:[(0,J.jsx)(`legend`,{className:`label`,children:I(e.kind)}),m.length>0&&(0,J.jsx)(`div`,{className:`chips`,children:m.map(e=>(0,J.jsxs)(`span`,{className:`chip`,children:[e.name,(0,J.jsx)(`button`,{type:`button`,"aria-label":r({id:`JLPXKu`,values:{0:e.name}}),onClick:()=>h(m.filter(t=>t.id!==e.id)),children:`×`})]},e.id))}),(0,J.jsx)(`input`,{type:`search`,"aria-label":r({id:`/lsPou`}),placeholder:r({id:`/lsPou`}),value:u,onChange:e=>d(e.target.value)}),(0,J.jsxs)(`div`,{className:`options`,role:`group`,"aria-label":r({id:`g30iVH`}),tabIndex:-1,children:[S.map(e=>(0,J.jsxs)(`div`,{className:`row`,style:{flexWrap:`nowrap`},children:[(0,J.jsxs)(`label`,{className:`check grow`,children:[(0,J.jsx)(`input`,{type:`checkbox`,checked:m.some(t=>t.id===e.id),onChange:t=>h(t.target.checked?[...m,{id:e.id,name:Z(e)}]:m.filter(t=>t.id!==e.id))}),(0,J.jsxs)(`span`,{className:`grow`,children:[Z(e),` `,(0,J.jsx)(`span`,{className:`muted small`,children:e.email??e.country})]})]}),(0,J.jsx)(`button`,{type:`button`,className:`button small plain`,"aria-label":r({id:`OSLWPP`,values:{0:Z(e)}}),onClick:()=>v(e.id),children:(0,J.jsx)(l,{id:`9BruTc`})})]},e.id)),!x&&!S.length&&(0,J.jsx)(`p`,{className:`muted small`,children:(0,J.jsx)(l,{id:`Ja7j+o`})})]})]}),(0,J.jsx)(F,{label:(0,J.jsx)(l,{id:`ao+yYr`}),hint:(0,J.jsx)(l,{id:`zrJCvZ`}),children:e=>(0,J.jsx)(`textarea`,{...e,rows:3,value:f,onChange:e=>p(e.target.value)})})]}),g&&(0,J.jsx)(ze,{segmentId:e.id,memberId:g,onClose:()=>v(null)})]})}function $e({segment:e,rows:t,onClose:n,onDone:r}){let{_:i}=c(),{act:a,problems:o}=G();return(0,J.jsxs)(N,{title:(0,J.jsx)(l,{id:`TYhZBo`,values:{0:t.length}}),action:(0,J.jsx)(l,{id:`t/YqKh`}),danger:!0,problems:o,onClose:n,onConfirm:async()=>{let n=await a(Ge,{input:{segmentIds:[e.id],memberIds:t.map(e=>e.id)}});return n?(K(i({id:`wP2d53`,values:{0:n.changed}})),r(),!0):!1},children:[(0,J.jsx)(`p`,{children:(0,J.jsx)(l,{id:`weylVr`,values:{0:e.name}})}),(0,J.jsxs)(`p`,{className:`muted`,children:[t.slice(0,8).map(Z).join(`, `),t.length>8&&` …`]})]})}function et({segment:e,rows:t,onClose:n,onDone:r}){let{_:i}=c(),{act:a,problems:o}=G();return(0,J.jsx)(N,{title:(0,J.jsx)(l,{id:`q+yX+0`,values:{0:t.length}}),action:(0,J.jsx)(l,{id:`Cw8/fY`}),problems:o,onClose:n,onConfirm:async()=>{let n=await a(Ke,{input:{segmentIds:[e.id],memberIds:t.map(e=>e.id)}});return n?(K(i({id:`33KdZV`,values:{0:n.changed}})),r(),!0):!1},children:(0,J.jsx)(`p`,{children:(0,J.jsx)(l,{id:`1NSeZ3`,values:{0:e.name}})})})}var tt=[`EMAIL`,`DIRECT_MAIL`,`SMS`,`PHONE`,`PUSH`];function nt({segment:e,columns:t,onClose:n}){let{_:i}=c(),a=v(),[o,s]=(0,q.useState)(`CSV`),[u,d]=(0,q.useState)(``),[f,p]=(0,q.useState)(`all`),[m,h]=(0,q.useState)(!1),[g,_]=(0,q.useState)(!1),[y,b]=(0,q.useState)(null);async function x(){_(!0),b(null);let s=await r(a,e.id,{format:o,...u&&{channel:u,distinctAddresses:m},...f===`shown`&&{columns:t.map(e=>e.replace(/^attributes\./,``))}});_(!1),s===null?(K(i({id:`jJ4fo1`,values:{0:e.name}})),n()):(b(s),ue(s))}return(0,J.jsxs)(j,{title:(0,J.jsx)(l,{id:`ulRS22`,values:{0:e.name}}),onClose:n,children:[(0,J.jsx)(se,{label:i({id:`wlQNTg`}),value:u,options:[[``,i({id:`N40H+G`})],...tt.map(e=>[e,i({id:`0jV1rv`,values:{0:I(e)}})])],onChange:d}),u&&(0,J.jsxs)(`label`,{className:`check`,children:[(0,J.jsx)(`input`,{type:`checkbox`,checked:m,onChange:e=>h(e.target.checked)}),(0,J.jsx)(l,{id:`S6OuC7`})]}),(0,J.jsx)(se,{label:i({id:`jEu4bB`}),value:f,options:[[`all`,i({id:`bLre1i`})],[`shown`,i({id:`pUol2U`})]],onChange:p}),(0,J.jsx)(se,{label:i({id:`J2eKUI`}),value:o,options:[[`CSV`,i({id:`nCpfR8`})],[`PLAIN_CSV`,i({id:`/wBgGL`})],[`JSON_LINES`,i({id:`Ddb7OB`})]],onChange:s}),y!==null&&(0,J.jsx)(D,{of:[{code:`FAILED`,message:y}]}),(0,J.jsxs)(`div`,{className:`ends`,children:[(0,J.jsx)(`button`,{type:`button`,className:`button`,onClick:n,children:(0,J.jsx)(l,{id:`dEgA5A`})}),(0,J.jsx)(`button`,{type:`button`,className:`button primary`,disabled:g,onClick:()=>void x(),children:g?(0,J.jsx)(l,{id:`TgPrZb`}):(0,J.jsx)(l,{id:`GS+Mus`})})]})]})}var rt=40;function Q({name:e,steps:t}){let{_:n}=c();if(!t.length)return(0,J.jsxs)(`div`,{className:`stack tight`,children:[(0,J.jsx)(`h3`,{children:e}),(0,J.jsx)(`p`,{className:`muted`,children:(0,J.jsx)(l,{id:`RQOyvy`})})]});let r=t[0]?.remaining||1,i=t.at(-1)?.remaining??0,a=e=>`${100*e/r}%`,o=[...t.map(e=>({key:e.reason,text:I(e.reason),number:e.reason===`MEMBERS`?d(e.remaining):e.dropped?`−${d(e.dropped)}`:d(0),remaining:e.reason===`MEMBERS`?e.remaining:0,from:e.remaining,dropped:e.dropped})),{key:`REACHED`,text:n({id:`7G/3Eh`}),number:`${d(i)} · ${f(t[0]?.remaining?i/t[0].remaining:null)}`,remaining:i,from:0,dropped:0}];return(0,J.jsxs)(`figure`,{className:`waterfall`,children:[(0,J.jsx)(`figcaption`,{children:(0,J.jsx)(`h3`,{children:e})}),(0,J.jsx)(`svg`,{width:`100%`,height:o.length*rt,role:`img`,"aria-label":o.map(e=>`${e.text} ${e.number}`).join(`, `),children:o.map((e,t)=>(0,J.jsxs)(`g`,{transform:`translate(0 ${t*rt})`,children:[(0,J.jsx)(`text`,{x:`0`,y:`13`,children:e.text}),(0,J.jsx)(`text`,{x:`100%`,y:`13`,textAnchor:`end`,className:`amount`,children:e.number}),(0,J.jsx)(`rect`,{x:`0`,y:`19`,width:`100%`,height:`12`,rx:`3`,className:`ground`}),e.remaining>0&&(0,J.jsx)(`rect`,{x:`0`,y:`19`,width:a(e.remaining),height:`12`,rx:`3`,className:e.key===`REACHED`?`reached`:`whole`}),e.dropped>0&&(0,J.jsx)(`rect`,{x:a(e.from),y:`19`,width:a(e.dropped),height:`12`,rx:`2`,className:`dropped`}),t>0&&e.key!==`REACHED`&&(0,J.jsx)(`line`,{x1:a(e.from),x2:a(e.from),y1:`19`,y2:59,className:`edge`})]},e.key))})]})}var it=(0,q.lazy)(()=>s(()=>import(`./chart-8osufsHZ.js`),__vite__mapDeps([0,1,2,3]),import.meta.url)),at=y(`
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
`),ot={30:`DAY`,90:`DAY`,365:`WEEK`},$=[`spend`,`impressions`,`clicks`,`ctr`,`cpc`];function st(e){let t=new Date;return t.setUTCDate(t.getUTCDate()-e+1),t.toISOString().slice(0,10)}function ct({id:e}){let{_:t}=c(),[r,,i]=U(),o=r(`days`)in ot?r(`days`):`30`,s=st(Number(o)),[{data:u,error:f,fetching:p},m]=_({query:at,variables:{id:e,day:s,since:`${s}T00:00:00Z`,interval:ot[o]}}),h=()=>m({requestPolicy:`network-only`});z([`METRICS_CHANGED`,`CAMPAIGN_CHANGED`],h),ne(t=>{t.segment.id===e&&(t.__typename===`ReachChanged`||t.__typename===`MembershipChanged`)&&h()});let g=u?.segment;if(!g)return f?(0,J.jsx)(A,{error:f,again:h}):p?(0,J.jsx)(M,{rows:6}):null;let v=(0,J.jsx)(pe,{label:t({id:`fUMYiE`}),value:o,options:[[`30`,t({id:`P9cEa2`})],[`90`,t({id:`h28hXf`})],[`365`,t({id:`+N7uug`})]],onChange:e=>i({days:e})});return(0,J.jsxs)(J.Fragment,{children:[f&&(0,J.jsx)(A,{error:f,again:h}),(0,J.jsxs)(`div`,{className:`figures`,children:[(0,J.jsx)(T,{label:(0,J.jsx)(l,{id:`wlQNTg`}),children:d(g.memberCount)}),(0,J.jsx)(T,{label:(0,J.jsx)(l,{id:`nj7xH+`}),children:(0,J.jsx)(a,{row:g})}),(0,J.jsx)(T,{label:(0,J.jsx)(l,{id:`O3oNi5`}),children:d(g.reach.email)}),(0,J.jsx)(T,{label:(0,J.jsx)(l,{id:`a1ZtRX`}),children:d(g.reach.directMail)}),(0,J.jsx)(T,{label:(0,J.jsx)(l,{id:`TEERTx`}),children:d(g.reach.sms)}),(0,J.jsx)(T,{label:(0,J.jsx)(l,{id:`zmwvG2`}),children:d(g.reach.phone)}),(0,J.jsx)(T,{label:(0,J.jsx)(l,{id:`uO9WLl`}),children:d(g.reach.push)})]}),(0,J.jsxs)(`div`,{className:`overview`,children:[(0,J.jsx)(O,{title:(0,J.jsx)(l,{id:`Cj2Gtd`}),side:v,children:(0,J.jsx)(lt,{points:g.sizeHistory})}),(0,J.jsx)(ut,{segment:g}),(0,J.jsx)(O,{title:(0,J.jsx)(l,{id:`MLmRoX`}),children:(0,J.jsxs)(`div`,{className:`stack tight`,children:[(0,J.jsx)(`p`,{className:`sentence`,children:g.criteriaSentence??(0,J.jsx)(l,{id:`2hmCeK`})}),g.criteriaText&&(0,J.jsxs)(`details`,{children:[(0,J.jsx)(`summary`,{children:(0,J.jsx)(l,{id:`OzigGW`})}),(0,J.jsx)(`pre`,{style:{whiteSpace:`pre-wrap`,margin:`0.5rem 0 0`},children:g.criteriaText})]})]})}),(0,J.jsx)(dt,{segment:g}),(0,J.jsx)(O,{title:(0,J.jsx)(l,{id:`llCoKl`}),children:(0,J.jsx)(n,{id:e})}),(0,J.jsx)(O,{title:(0,J.jsx)(l,{id:`9wXD5O`}),children:(0,J.jsxs)(`div`,{className:`waterfalls`,children:[(0,J.jsx)(Q,{name:t({id:`O3oNi5`}),steps:g.reach.waterfallEmail}),(0,J.jsx)(Q,{name:t({id:`a1ZtRX`}),steps:g.reach.waterfallMail}),(0,J.jsx)(Q,{name:t({id:`TEERTx`}),steps:g.reach.waterfallSms}),(0,J.jsx)(Q,{name:t({id:`zmwvG2`}),steps:g.reach.waterfallPhone})]})})]})]})}function lt({points:e}){let{_:t}=c();if(!e.length)return(0,J.jsx)(w,{title:(0,J.jsx)(l,{id:`wNFhdi`}),children:(0,J.jsx)(`p`,{children:(0,J.jsx)(l,{id:`pZjwxJ`})})});let n=e=>d(e),r=e=>e?`${e>0?`+`:`−`}${d(Math.abs(e))}`:d(e);return(0,J.jsx)(q.Suspense,{fallback:(0,J.jsx)(M,{}),children:(0,J.jsx)(it,{label:t({id:`4i7r/h`}),times:e.map(e=>e.at),panes:[{height:170,series:[{label:t({id:`wlQNTg`}),tone:`accent`,as:`area`,values:e.map(e=>e.memberCount),text:n}]},{height:110,series:[{label:t({id:`Xz186A`}),tone:`good`,as:`bars`,values:e.map(e=>e.entered),text:r},{label:t({id:`e8NxW1`}),tone:`bad`,as:`bars`,values:e.map(e=>e.exited?-e.exited:0),text:r}]}]})})}function ut({segment:e}){let{_:t}=c(),[n,,r]=U(),i=V(),{currency:a}=i.workspace,{totals:o,series:s,byCampaign:p}=e.metrics,m=$.includes(n(`metric`))?n(`metric`):`spend`,h={spend:t({id:`GACGlU`}),impressions:t({id:`bilXG8`}),clicks:t({id:`V+2S0W`}),ctr:t({id:`weNIXK`}),cpc:t({id:`aDnWoi`})},g=(e,t)=>t==null?`–`:e===`spend`||e===`cpc`?u(String(t),a):e===`ctr`?f(Number(t),2):d(Number(t));return(0,J.jsx)(O,{title:(0,J.jsx)(l,{id:`oRJtCM`}),side:(0,J.jsx)(`span`,{className:`muted small`,children:(0,J.jsx)(l,{id:`Tabljp`})}),children:(0,J.jsxs)(`div`,{className:`stack`,children:[(0,J.jsxs)(`div`,{className:`figures small-figures`,children:[(0,J.jsx)(T,{label:t({id:`oRJtCM`}),children:d(o.campaignCount)}),$.map(e=>(0,J.jsx)(T,{label:h[e],children:g(e,o[e])},e))]}),s.length?(0,J.jsxs)(J.Fragment,{children:[(0,J.jsx)(pe,{label:t({id:`cKPNsB`}),value:m,options:$.map(e=>[e,h[e]]),onChange:e=>r({metric:e})}),(0,J.jsx)(q.Suspense,{fallback:(0,J.jsx)(M,{}),children:(0,J.jsx)(it,{label:h[m],times:s.map(e=>`${e.day}T00:00:00Z`),panes:[{height:190,series:[{label:h[m],tone:`accent`,as:m===`ctr`||m===`cpc`?`line`:`bars`,values:s.map(e=>e[m]==null?null:Number(e[m])),text:e=>g(m,e)}]}]})})]}):(0,J.jsxs)(`p`,{className:`muted uses`,children:[e.campaignCount?(0,J.jsx)(l,{id:`D4iyZG`}):(0,J.jsx)(l,{id:`lfc38x`}),` `,B(i)&&(0,J.jsx)(b,{href:`/imports/report`,children:(0,J.jsx)(l,{id:`DiNfip`})})]}),p.length>0&&(0,J.jsx)(`div`,{className:`scroll`,tabIndex:0,role:`group`,"aria-label":t({id:`YZ3ZjU`}),children:(0,J.jsxs)(`table`,{children:[(0,J.jsx)(`thead`,{children:(0,J.jsxs)(`tr`,{children:[(0,J.jsx)(`th`,{children:(0,J.jsx)(l,{id:`D02dD9`})}),$.map(e=>(0,J.jsx)(`th`,{className:`number`,children:h[e]},e))]})}),(0,J.jsx)(`tbody`,{children:p.map(({campaign:e,totals:t})=>(0,J.jsxs)(`tr`,{children:[(0,J.jsx)(`td`,{className:`named`,children:(0,J.jsx)(b,{href:`/campaigns/${e.id}`,children:e.name})}),$.map(e=>(0,J.jsx)(`td`,{className:`number`,children:g(e,t[e])},e))]},e.id))})]})})]})})}function dt({segment:e}){let{currency:t}=V().workspace,{value:n}=e;return(0,J.jsx)(O,{title:(0,J.jsx)(l,{id:`TqBWIU`}),side:n.asOf&&(0,J.jsx)(`span`,{className:`muted small`,children:(0,J.jsx)(l,{id:`cQCBWk`,values:{0:o(n.asOf)}})}),children:n.orders===0?(0,J.jsx)(`p`,{className:`muted`,children:(0,J.jsx)(l,{id:`fCLl8P`})}):(0,J.jsxs)(`div`,{className:`figures small-figures`,children:[(0,J.jsx)(T,{label:(0,J.jsx)(l,{id:`8YBH95`}),children:u(n.revenue,t)}),(0,J.jsx)(T,{label:(0,J.jsx)(l,{id:`1h+RBg`}),children:d(n.orders)}),(0,J.jsx)(T,{label:(0,J.jsx)(l,{id:`3xo6nC`}),children:u(n.averageOrderValue,t)}),(0,J.jsx)(T,{label:(0,J.jsx)(l,{id:`GAKAev`}),children:u(n.customerLifetimeValue,t)}),(0,J.jsx)(T,{label:(0,J.jsx)(l,{id:`5NLRoY`}),children:n.orderLatencyDays==null?`–`:d(Math.round(n.orderLatencyDays))})]})})}var ft=y(`
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
`),pt=[``,`members`,`automation`,`activity`,`compare`];function mt({id:n,tab:r=``}){let{_:a}=c(),s=V(),[{data:u,error:f,fetching:m},h]=_({query:ft,variables:{id:n}}),g=()=>h({requestPolicy:`network-only`}),{actionsOf:v,start:y,dialog:x}=i(g),S=u?.segment;if((0,q.useEffect)(()=>{document.title=`${S?.name??a({id:`RqGEko`})} – seggraph`},[S?.name,a]),z([`SEGMENT_UPDATED`,`SEGMENT_DELETED`,`REACH_READY`,`LABEL_CHANGED`,`FOLDER_CHANGED`],g),!S)return f?(0,J.jsx)(A,{error:f,again:g}):m?(0,J.jsx)(M,{}):(0,J.jsxs)(w,{title:(0,J.jsx)(l,{id:`lZLhUQ`}),children:[(0,J.jsx)(`p`,{children:(0,J.jsx)(l,{id:`QnLck1`})}),(0,J.jsx)(b,{href:`/segments`,className:`button`,children:(0,J.jsx)(l,{id:`0QdOGX`})})]});let T={"":(0,J.jsx)(l,{id:`6/dCYd`}),members:(0,J.jsxs)(J.Fragment,{children:[(0,J.jsx)(l,{id:`wlQNTg`}),` `,(0,J.jsx)(`span`,{className:`badge`,children:d(S.memberCount)})]}),automation:(0,J.jsx)(l,{id:`FFv0Vh`}),activity:(0,J.jsx)(l,{id:`XJOV1Y`}),compare:(0,J.jsx)(l,{id:`YGShnx`})},D=new Set(S.transitions),{reach:O,freshness:k}=S;return(0,J.jsxs)(J.Fragment,{children:[(0,J.jsxs)(ee,{title:S.name,below:(0,J.jsxs)(`div`,{className:`row`,children:[(0,J.jsx)(e,{segment:S}),(0,J.jsx)(R,{of:S.status}),(0,J.jsx)(`span`,{className:`badge`,children:I(S.type)}),(0,J.jsx)(`span`,{className:`badge`,children:I(S.kind)}),S.purpose&&(0,J.jsx)(`span`,{className:`badge accent`,children:I(S.purpose)}),S.visibility===`PRIVATE`&&(0,J.jsx)(`span`,{className:`badge`,children:I(`PRIVATE`)}),S.folder&&(0,J.jsx)(b,{href:`/segments?folder=${S.folder.id}`,className:`small`,children:S.folder.name}),S.labels.map(e=>(0,J.jsx)(t,{label:e},e.id))]}),children:[D.has(`PAUSE`)&&(0,J.jsx)(`button`,{type:`button`,className:`button`,onClick:()=>y(`PAUSE`,[S]),children:(0,J.jsx)(l,{id:`IgrLD/`})}),D.has(`RESUME`)&&(0,J.jsx)(`button`,{type:`button`,className:`button primary`,onClick:()=>y(`RESUME`,[S]),children:(0,J.jsx)(l,{id:`v39wLo`})}),D.has(`ACTIVATE`)&&(0,J.jsx)(`button`,{type:`button`,className:`button primary`,onClick:()=>y(`ACTIVATE`,[S]),children:(0,J.jsx)(l,{id:`FQBaXG`})}),B(s)&&D.has(`EDIT`)&&(0,J.jsx)(b,{href:`/segments/${n}/edit`,className:`button`,children:(0,J.jsx)(l,{id:`ePK91l`})}),(0,J.jsx)(P,{label:a({id:`RlLl3G`,values:{0:S.name}}),text:a({id:`7L01XJ`}),actions:v(S)})]}),S.description&&(0,J.jsx)(`p`,{children:S.description}),(0,J.jsxs)(`p`,{className:`muted small`,children:[O.status===`CALCULATING`?(0,J.jsxs)(J.Fragment,{children:[(0,J.jsx)(l,{id:`waNzXf`}),` `,(0,J.jsx)(E,{value:O.progress,label:a({id:`1UnRQ1`,values:{0:S.name}})})]}):(0,J.jsx)(l,{id:`4a2EDe`,values:{0:o(k.asOf)}}),` `,k.pendingChanges>0&&(0,J.jsx)(l,{id:`RvdC/W`,values:{0:k.pendingChanges}}),` `,(0,J.jsxs)(`span`,{title:o(S.lastModifiedAt),children:[I(S.lastAction),` `,p(S.lastModifiedAt)]}),S.lastModifiedBy&&`, ${S.lastModifiedBy.name}`,`.`,` `,S.createdBy&&(0,J.jsx)(l,{id:`y7LWUe`,values:{0:S.createdBy.name,1:I(S.origin)}})]}),O.status===`FAILED`&&(0,J.jsx)(`div`,{className:`note bad`,role:`alert`,children:(0,J.jsxs)(`div`,{children:[(0,J.jsx)(`p`,{children:(0,J.jsx)(l,{id:`HVCScX`,values:{0:p(O.error?.at),1:O.error?.message}})}),D.has(`RECALCULATE`)&&(0,J.jsx)(`p`,{children:(0,J.jsx)(`button`,{type:`button`,className:`button small`,onClick:()=>y(`RECALCULATE`,[S]),children:(0,J.jsx)(l,{id:`vi233w`})})})]})}),f&&(0,J.jsx)(A,{error:f,again:g}),(0,J.jsx)(C,{label:a({id:`A/81ae`}),tabs:pt.map(e=>({key:e,href:`/segments/${n}${e&&`/${e}`}`,text:T[e],current:e===r}))}),r===``&&(0,J.jsx)(ct,{id:n}),r===`members`&&(0,J.jsx)(Ze,{segment:S}),r===`automation`&&(0,J.jsx)(Ee,{id:n}),r===`activity`&&(0,J.jsx)(ve,{id:n}),r===`compare`&&(0,J.jsx)(Ae,{segment:S}),!pt.includes(r)&&(0,J.jsx)(w,{title:(0,J.jsx)(l,{id:`82YBvD`}),children:(0,J.jsx)(b,{href:`/segments/${n}`,className:`button`,children:(0,J.jsx)(l,{id:`9IKQea`})})}),x]})}export{Q as Waterfall,mt as default};