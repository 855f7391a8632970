import{A as e,B as t,C as n,E as r,I as i,L as a,M as o,P as s,R as c,S as l,T as u,_ as d,a as f,b as p,c as m,d as h,f as g,h as _,j as v,k as y,l as b,m as x,n as S,o as C,r as w,s as T,t as E,u as D,v as O,z as k}from"./index-BbgIpMKF.js";var A=t(c(),1),j=k(),M=o(`
  query SegmentDetail($id: ID!) {
    segment(id: $id) {
      ...LiveSegment
      kind
      origin
      description
      criteriaSentence
      criteriaText
      createdAt
      createdBy {
        id
        name
      }
      reach {
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
      }
      freshness {
        asOf
        pendingChanges
      }
      sources {
        kind
        memberCount
        blockedCount
      }
      value {
        revenue
        orders
        averageOrderValue
        customerLifetimeValue
      }
      metrics {
        totals {
          spend
          impressions
          clicks
          ctr
          cpc
        }
      }
      sizeHistory(interval: DAY) {
        at
        memberCount
        entered
        exited
      }
      runs(first: 10) {
        nodes {
          id
          trigger
          status
          startedAt
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
`),N=o(`
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
          id
          externalId
          name
          email
          country
          city
          industry
          employees
          score
          tags
        }
      }
    }
  }
`);function P({id:t}){let{_:o}=a(),c=e(),[{data:u,error:f,fetching:C},T]=s({query:M,variables:{id:t}}),{actionsOf:k,dialog:N}=w(),P=u?.segment;if((0,A.useEffect)(()=>{document.title=`${P?.name??o({id:`RqGEko`})} – seggraph`},[P?.name,o]),v(e=>{let n=e.__typename===`ReachChanged`||e.__typename===`MembershipChanged`||e.__typename===`SegmentDeleted`;e.segment.id===t&&n&&T({requestPolicy:`network-only`})}),!P)return f?(0,j.jsx)(O,{error:f,again:()=>T({requestPolicy:`network-only`})}):C?(0,j.jsx)(l,{}):(0,j.jsx)(d,{title:(0,j.jsx)(i,{id:`lZLhUQ`}),children:(0,j.jsx)(`p`,{children:(0,j.jsx)(i,{id:`QnLck1`})})});let{currency:R}=c.workspace,{value:z,metrics:{totals:B},freshness:V}=P;return(0,j.jsxs)(j.Fragment,{children:[(0,j.jsx)(n,{title:P.name,below:(0,j.jsxs)(`div`,{className:`row`,children:[(0,j.jsx)(r,{of:P.status}),(0,j.jsx)(`span`,{className:`badge`,children:y(P.type)}),(0,j.jsx)(`span`,{className:`badge`,children:y(P.kind)}),P.purpose&&(0,j.jsx)(`span`,{className:`badge accent`,children:y(P.purpose)}),P.description]}),children:(0,j.jsx)(x,{label:o({id:`RlLl3G`,values:{0:P.name}}),text:o({id:`7L01XJ`}),actions:k(P)})}),f&&(0,j.jsx)(O,{error:f,again:()=>T({requestPolicy:`network-only`})}),(0,j.jsxs)(`div`,{className:`figures`,children:[(0,j.jsx)(p,{label:(0,j.jsx)(i,{id:`wlQNTg`}),children:b(P.memberCount)}),(0,j.jsx)(p,{label:(0,j.jsx)(i,{id:`nj7xH+`}),children:(0,j.jsx)(E,{row:P})}),(0,j.jsx)(p,{label:(0,j.jsx)(i,{id:`O3oNi5`}),children:b(P.reach.email)}),(0,j.jsx)(p,{label:(0,j.jsx)(i,{id:`a1ZtRX`}),children:b(P.reach.directMail)}),(0,j.jsx)(p,{label:(0,j.jsx)(i,{id:`8YBH95`}),children:h(z.revenue,R)}),(0,j.jsx)(p,{label:(0,j.jsx)(i,{id:`3xo6nC`}),children:h(z.averageOrderValue,R)}),(0,j.jsx)(p,{label:(0,j.jsx)(i,{id:`GACGlU`}),children:h(B.spend,R)}),(0,j.jsx)(p,{label:(0,j.jsx)(i,{id:`weNIXK`}),children:g(B.ctr,2)})]}),(0,j.jsxs)(`p`,{className:`muted small`,children:[(0,j.jsx)(i,{id:`4a2EDe`,values:{0:D(V.asOf)}}),` `,V.pendingChanges>0&&(0,j.jsx)(i,{id:`RvdC/W`,values:{0:V.pendingChanges}}),` `,(0,j.jsx)(i,{id:`xYxQCZ`,values:{0:y(P.lastAction),1:m(P.lastModifiedAt)}}),P.lastModifiedBy&&`, ${P.lastModifiedBy.name}`]}),(0,j.jsxs)(`div`,{className:`halves`,children:[(0,j.jsx)(_,{title:(0,j.jsx)(i,{id:`MLmRoX`}),children:(0,j.jsxs)(`div`,{className:`stack tight`,children:[(0,j.jsx)(`p`,{className:`sentence`,children:P.criteriaSentence??(0,j.jsx)(i,{id:`2hmCeK`})}),P.criteriaText&&(0,j.jsx)(`pre`,{style:{whiteSpace:`pre-wrap`,margin:0},children:P.criteriaText}),(0,j.jsx)(`ul`,{style:{margin:0,paddingLeft:`1.2rem`},children:P.sources.map((e,t)=>(0,j.jsxs)(`li`,{children:[y(e.kind),`: `,b(e.memberCount)]},t))})]})}),(0,j.jsx)(_,{title:(0,j.jsx)(i,{id:`9wXD5O`}),children:(0,j.jsxs)(`div`,{className:`stack`,children:[(0,j.jsx)(F,{name:o({id:`O3oNi5`}),steps:P.reach.waterfallEmail}),(0,j.jsx)(F,{name:o({id:`a1ZtRX`}),steps:P.reach.waterfallMail})]})}),(0,j.jsx)(_,{title:(0,j.jsx)(i,{id:`5VDsis`}),bare:!0,children:(0,j.jsx)(I,{points:P.sizeHistory})}),(0,j.jsx)(_,{title:(0,j.jsx)(i,{id:`llCoKl`}),children:(0,j.jsx)(S,{id:t})})]}),(0,j.jsx)(L,{id:t}),(0,j.jsx)(_,{title:(0,j.jsx)(i,{id:`nwZtto`}),bare:!0,children:(0,j.jsx)(`div`,{className:`scroll`,children:(0,j.jsxs)(`table`,{children:[(0,j.jsx)(`thead`,{children:(0,j.jsxs)(`tr`,{children:[(0,j.jsx)(`th`,{children:(0,j.jsx)(i,{id:`JEGlfK`})}),(0,j.jsx)(`th`,{children:(0,j.jsx)(i,{id:`uAQUqI`})}),(0,j.jsx)(`th`,{children:(0,j.jsx)(i,{id:`sJmqJB`})}),(0,j.jsx)(`th`,{className:`number`,children:(0,j.jsx)(i,{id:`wlQNTg`})}),(0,j.jsx)(`th`,{className:`number`,children:(0,j.jsx)(i,{id:`Xz186A`})}),(0,j.jsx)(`th`,{className:`number`,children:(0,j.jsx)(i,{id:`e8NxW1`})})]})}),(0,j.jsx)(`tbody`,{children:P.runs.nodes.map(e=>(0,j.jsxs)(`tr`,{children:[(0,j.jsx)(`td`,{children:D(e.startedAt)}),(0,j.jsxs)(`td`,{children:[(0,j.jsx)(r,{of:e.status}),` `,e.error?.message]}),(0,j.jsx)(`td`,{children:y(e.trigger)}),(0,j.jsx)(`td`,{className:`number`,children:b(e.memberCount)}),(0,j.jsx)(`td`,{className:`number`,children:b(e.entered)}),(0,j.jsx)(`td`,{className:`number`,children:b(e.exited)})]},e.id))})]})})}),N]})}function F({name:e,steps:t}){let n=(t[0]?.remaining??0)||1;return(0,j.jsxs)(`div`,{className:`steps`,children:[(0,j.jsx)(`h3`,{children:e}),t.length===0&&(0,j.jsx)(`p`,{className:`muted`,children:(0,j.jsx)(i,{id:`RQOyvy`})}),t.map(e=>(0,j.jsxs)(`div`,{className:`step`,children:[(0,j.jsx)(`span`,{children:y(e.reason)}),(0,j.jsxs)(`span`,{className:`track`,children:[(0,j.jsx)(`i`,{style:{width:`${100*e.remaining/n}%`}}),(0,j.jsx)(`u`,{style:{width:`${100*e.dropped/n}%`}})]}),(0,j.jsx)(`span`,{className:`number`,children:e.reason===`MEMBERS`?b(e.remaining):`−${b(e.dropped)}`})]},e.reason))]})}function I({points:e}){return e.length?(0,j.jsx)(`div`,{className:`scroll`,tabIndex:0,style:{maxHeight:`16rem`,overflow:`auto`},children:(0,j.jsxs)(`table`,{children:[(0,j.jsx)(`thead`,{children:(0,j.jsxs)(`tr`,{children:[(0,j.jsx)(`th`,{children:(0,j.jsx)(i,{id:`H7OUPr`})}),(0,j.jsx)(`th`,{className:`number`,children:(0,j.jsx)(i,{id:`wlQNTg`})}),(0,j.jsx)(`th`,{className:`number`,children:(0,j.jsx)(i,{id:`Xz186A`})}),(0,j.jsx)(`th`,{className:`number`,children:(0,j.jsx)(i,{id:`e8NxW1`})})]})}),(0,j.jsx)(`tbody`,{children:e.toReversed().map(e=>(0,j.jsxs)(`tr`,{children:[(0,j.jsx)(`td`,{children:D(e.at)}),(0,j.jsx)(`td`,{className:`number`,children:b(e.memberCount)}),(0,j.jsx)(`td`,{className:`number`,children:b(e.entered)}),(0,j.jsx)(`td`,{className:`number`,children:b(e.exited)})]},e.at))})]})}):(0,j.jsx)(`div`,{className:`body muted`,children:(0,j.jsx)(i,{id:`X2tr2n`})})}function L({id:e}){let{_:t}=a(),[n,,r]=C(),[o,s]=n(`sort`).split(`:`),[c,p]=(0,A.useState)(0),m=T(N,{id:e,first:100,search:n(`search`)||null,orderBy:o?{field:o,direction:s===`DESC`?`DESC`:`ASC`}:null},e=>e.segment?.members);v(t=>{t.__typename===`MembershipChanged`&&t.segment.id===e&&p(e=>e+1)});let h=[{key:`name`,title:t({id:`6YtxFj`}),width:`minmax(220px, 2fr)`,sort:`name`,cell:e=>e.name??e.externalId},{key:`email`,title:t({id:`O3oNi5`}),width:`minmax(200px, 1.5fr)`,cell:e=>e.email??`–`},{key:`country`,title:t({id:`JNCzPW`}),width:`100px`,sort:`country`,cell:e=>e.country??`–`},{key:`city`,title:t({id:`3wV73y`}),width:`150px`,cell:e=>e.city??`–`},{key:`industry`,title:t({id:`S8gy7K`}),width:`150px`,cell:e=>e.industry??`–`},{key:`employees`,title:t({id:`gqv5ZL`}),width:`110px`,number:!0,sort:`employees`,cell:e=>b(e.employees)},{key:`score`,title:t({id:`Eq6YVV`}),width:`90px`,number:!0,sort:`score`,cell:e=>b(e.score)},{key:`tags`,title:t({id:`OYHzN1`}),width:`180px`,cell:e=>e.tags.join(`, `)}];return(0,j.jsxs)(_,{title:(0,j.jsx)(i,{id:`wlQNTg`}),bare:!0,side:(0,j.jsxs)(j.Fragment,{children:[c>0&&(0,j.jsx)(`button`,{type:`button`,className:`button small`,onClick:()=>{p(0),m.again()},children:(0,j.jsx)(i,{id:`tCH0wd`})}),(0,j.jsx)(u,{label:t({id:`AaDUlx`}),value:n(`search`),onChange:e=>r({search:e})})]}),children:[m.error&&(0,j.jsx)(O,{error:m.error,again:m.again}),m.rows.length>0?(0,j.jsx)(f,{label:t({id:`wlQNTg`}),rows:m.rows,columns:h,idOf:e=>e.id,nameOf:e=>e.name??e.externalId,total:m.totalCount,hasMore:m.hasMore,more:m.more,sort:n(`sort`),onSort:e=>r({sort:e})}):m.isFetching?(0,j.jsx)(`div`,{className:`body`,children:(0,j.jsx)(l,{})}):(0,j.jsx)(d,{title:(0,j.jsx)(i,{id:`UwvrGq`})})]})}export{F as Waterfall,P as default};