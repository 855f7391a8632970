import{A as e,B as t,C as n,D as r,E as i,F as a,L as o,M as s,N as c,R as l,V as u,a as d,c as f,d as p,f as m,g as h,h as g,j as _,l as v,n as y,o as b,p as x,r as S,s as C,t as w,u as T,v as E,w as D,x as O,y as k,z as A}from"./index-DwuIg6fa.js";var j=u(A(),1),M=t(),N=c(`
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
`),P=c(`
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
`);function F({id:t}){let{_:i}=l(),c=_(),[{data:u,error:d,fetching:b},C]=a({query:N,variables:{id:t}}),{actionsOf:T,dialog:A}=S(),P=u?.segment;if((0,j.useEffect)(()=>{document.title=`${P?.name??i({id:`RqGEko`})} – seggraph`},[P?.name,i]),s(e=>{let n=e.__typename===`ReachChanged`||e.__typename===`MembershipChanged`||e.__typename===`SegmentDeleted`;e.segment.id===t&&n&&C({requestPolicy:`network-only`})}),!P)return d?(0,M.jsx)(k,{error:d,again:()=>C({requestPolicy:`network-only`})}):b?(0,M.jsx)(n,{}):(0,M.jsx)(E,{title:(0,M.jsx)(o,{id:`lZLhUQ`}),children:(0,M.jsx)(`p`,{children:(0,M.jsx)(o,{id:`QnLck1`})})});let{currency:F}=c.workspace,{value:z,metrics:{totals:B},freshness:V}=P;return(0,M.jsxs)(M.Fragment,{children:[(0,M.jsx)(D,{title:P.name,below:(0,M.jsxs)(`div`,{className:`row`,children:[(0,M.jsx)(r,{of:P.status}),(0,M.jsx)(`span`,{className:`badge`,children:e(P.type)}),(0,M.jsx)(`span`,{className:`badge`,children:e(P.kind)}),P.purpose&&(0,M.jsx)(`span`,{className:`badge accent`,children:e(P.purpose)}),P.description]}),children:(0,M.jsx)(g,{label:i({id:`RlLl3G`,values:{0:P.name}}),text:i({id:`7L01XJ`}),actions:T(P)})}),d&&(0,M.jsx)(k,{error:d,again:()=>C({requestPolicy:`network-only`})}),(0,M.jsxs)(`div`,{className:`figures`,children:[(0,M.jsx)(O,{label:(0,M.jsx)(o,{id:`wlQNTg`}),children:v(P.memberCount)}),(0,M.jsx)(O,{label:(0,M.jsx)(o,{id:`nj7xH+`}),children:(0,M.jsx)(w,{row:P})}),(0,M.jsx)(O,{label:(0,M.jsx)(o,{id:`O3oNi5`}),children:v(P.reach.email)}),(0,M.jsx)(O,{label:(0,M.jsx)(o,{id:`a1ZtRX`}),children:v(P.reach.directMail)}),(0,M.jsx)(O,{label:(0,M.jsx)(o,{id:`8YBH95`}),children:m(z.revenue,F)}),(0,M.jsx)(O,{label:(0,M.jsx)(o,{id:`3xo6nC`}),children:m(z.averageOrderValue,F)}),(0,M.jsx)(O,{label:(0,M.jsx)(o,{id:`GACGlU`}),children:m(B.spend,F)}),(0,M.jsx)(O,{label:(0,M.jsx)(o,{id:`weNIXK`}),children:x(B.ctr,2)})]}),(0,M.jsxs)(`p`,{className:`muted small`,children:[(0,M.jsx)(o,{id:`4a2EDe`,values:{0:p(V.asOf)}}),` `,V.pendingChanges>0&&(0,M.jsx)(o,{id:`RvdC/W`,values:{0:V.pendingChanges}}),` `,(0,M.jsx)(o,{id:`xYxQCZ`,values:{0:e(P.lastAction),1:f(P.lastModifiedAt)}}),P.lastModifiedBy&&`, ${P.lastModifiedBy.name}`]}),(0,M.jsxs)(`div`,{className:`halves`,children:[(0,M.jsx)(h,{title:(0,M.jsx)(o,{id:`MLmRoX`}),children:(0,M.jsxs)(`div`,{className:`stack tight`,children:[(0,M.jsx)(`p`,{className:`sentence`,children:P.criteriaSentence??(0,M.jsx)(o,{id:`2hmCeK`})}),P.criteriaText&&(0,M.jsx)(`pre`,{style:{whiteSpace:`pre-wrap`,margin:0},children:P.criteriaText}),(0,M.jsx)(`ul`,{style:{margin:0,paddingLeft:`1.2rem`},children:P.sources.map((t,n)=>(0,M.jsxs)(`li`,{children:[e(t.kind),`: `,v(t.memberCount)]},n))})]})}),(0,M.jsx)(h,{title:(0,M.jsx)(o,{id:`9wXD5O`}),children:(0,M.jsxs)(`div`,{className:`stack`,children:[(0,M.jsx)(I,{name:i({id:`O3oNi5`}),steps:P.reach.waterfallEmail}),(0,M.jsx)(I,{name:i({id:`a1ZtRX`}),steps:P.reach.waterfallMail})]})}),(0,M.jsx)(h,{title:(0,M.jsx)(o,{id:`5VDsis`}),bare:!0,children:(0,M.jsx)(L,{points:P.sizeHistory})}),(0,M.jsx)(h,{title:(0,M.jsx)(o,{id:`llCoKl`}),children:(0,M.jsx)(y,{id:t})})]}),(0,M.jsx)(R,{id:t}),(0,M.jsx)(h,{title:(0,M.jsx)(o,{id:`nwZtto`}),bare:!0,children:(0,M.jsx)(`div`,{className:`scroll`,children:(0,M.jsxs)(`table`,{children:[(0,M.jsx)(`thead`,{children:(0,M.jsxs)(`tr`,{children:[(0,M.jsx)(`th`,{children:(0,M.jsx)(o,{id:`JEGlfK`})}),(0,M.jsx)(`th`,{children:(0,M.jsx)(o,{id:`uAQUqI`})}),(0,M.jsx)(`th`,{children:(0,M.jsx)(o,{id:`sJmqJB`})}),(0,M.jsx)(`th`,{className:`number`,children:(0,M.jsx)(o,{id:`wlQNTg`})}),(0,M.jsx)(`th`,{className:`number`,children:(0,M.jsx)(o,{id:`Xz186A`})}),(0,M.jsx)(`th`,{className:`number`,children:(0,M.jsx)(o,{id:`e8NxW1`})})]})}),(0,M.jsx)(`tbody`,{children:P.runs.nodes.map(t=>(0,M.jsxs)(`tr`,{children:[(0,M.jsx)(`td`,{children:p(t.startedAt)}),(0,M.jsxs)(`td`,{children:[(0,M.jsx)(r,{of:t.status}),` `,t.error?.message]}),(0,M.jsx)(`td`,{children:e(t.trigger)}),(0,M.jsx)(`td`,{className:`number`,children:v(t.memberCount)}),(0,M.jsx)(`td`,{className:`number`,children:v(t.entered)}),(0,M.jsx)(`td`,{className:`number`,children:v(t.exited)})]},t.id))})]})})}),A]})}function I({name:t,steps:n}){let r=(n[0]?.remaining??0)||1;return(0,M.jsxs)(`div`,{className:`steps`,children:[(0,M.jsx)(`h3`,{children:t}),n.length===0&&(0,M.jsx)(`p`,{className:`muted`,children:(0,M.jsx)(o,{id:`RQOyvy`})}),n.map(t=>(0,M.jsxs)(`div`,{className:`step`,children:[(0,M.jsx)(`span`,{children:e(t.reason)}),(0,M.jsxs)(`span`,{className:`track`,children:[(0,M.jsx)(`i`,{style:{width:`${100*t.remaining/r}%`}}),(0,M.jsx)(`u`,{style:{width:`${100*t.dropped/r}%`}})]}),(0,M.jsx)(`span`,{className:`number`,children:t.reason===`MEMBERS`?v(t.remaining):`−${v(t.dropped)}`})]},t.reason))]})}function L({points:e}){return e.length?(0,M.jsx)(`div`,{className:`scroll`,tabIndex:0,style:{maxHeight:`16rem`,overflow:`auto`},children:(0,M.jsxs)(`table`,{children:[(0,M.jsx)(`thead`,{children:(0,M.jsxs)(`tr`,{children:[(0,M.jsx)(`th`,{children:(0,M.jsx)(o,{id:`H7OUPr`})}),(0,M.jsx)(`th`,{className:`number`,children:(0,M.jsx)(o,{id:`wlQNTg`})}),(0,M.jsx)(`th`,{className:`number`,children:(0,M.jsx)(o,{id:`Xz186A`})}),(0,M.jsx)(`th`,{className:`number`,children:(0,M.jsx)(o,{id:`e8NxW1`})})]})}),(0,M.jsx)(`tbody`,{children:e.toReversed().map(e=>(0,M.jsxs)(`tr`,{children:[(0,M.jsx)(`td`,{children:T(e.at)}),(0,M.jsx)(`td`,{className:`number`,children:v(e.memberCount)}),(0,M.jsx)(`td`,{className:`number`,children:v(e.entered)}),(0,M.jsx)(`td`,{className:`number`,children:v(e.exited)})]},e.at))})]})}):(0,M.jsx)(`div`,{className:`body muted`,children:(0,M.jsx)(o,{id:`X2tr2n`})})}function R({id:e}){let{_:t}=l(),[r,,a]=b(),[c,u]=r(`sort`).split(`:`),[f,p]=(0,j.useState)(0),m=C(P,{id:e,first:100,search:r(`search`)||null,orderBy:c?{field:c,direction:u===`DESC`?`DESC`:`ASC`}:null},e=>e.segment?.members);s(t=>{t.__typename===`MembershipChanged`&&t.segment.id===e&&p(e=>e+1)});let g=[{key:`name`,title:t({id:`6YtxFj`}),width:`minmax(220px, 2fr)`,sort:`name`,cell:e=>e.name??e.externalId},{key:`email`,title:t({id:`O3oNi5`}),width:`minmax(200px, 1.5fr)`,cell:e=>e.email??`–`},{key:`country`,title:t({id:`JNCzPW`}),width:`100px`,sort:`country`,cell:e=>e.country??`–`},{key:`city`,title:t({id:`3wV73y`}),width:`150px`,cell:e=>e.city??`–`},{key:`industry`,title:t({id:`S8gy7K`}),width:`150px`,cell:e=>e.industry??`–`},{key:`employees`,title:t({id:`gqv5ZL`}),width:`110px`,number:!0,sort:`employees`,cell:e=>v(e.employees)},{key:`score`,title:t({id:`Eq6YVV`}),width:`90px`,number:!0,sort:`score`,cell:e=>v(e.score)},{key:`tags`,title:t({id:`OYHzN1`}),width:`180px`,cell:e=>e.tags.join(`, `)}];return(0,M.jsxs)(h,{title:(0,M.jsx)(o,{id:`wlQNTg`}),bare:!0,side:(0,M.jsxs)(M.Fragment,{children:[f>0&&(0,M.jsx)(`button`,{type:`button`,className:`button small`,onClick:()=>{p(0),m.again()},children:(0,M.jsx)(o,{id:`tCH0wd`})}),(0,M.jsx)(i,{label:t({id:`AaDUlx`}),value:r(`search`),onChange:e=>a({search:e})})]}),children:[m.error&&(0,M.jsx)(k,{error:m.error,again:m.again}),m.rows.length>0?(0,M.jsx)(d,{label:t({id:`wlQNTg`}),rows:m.rows,columns:g,idOf:e=>e.id,nameOf:e=>e.name??e.externalId,total:m.totalCount,hasMore:m.hasMore,more:m.more,sort:r(`sort`),onSort:e=>a({sort:e})}):m.isFetching?(0,M.jsx)(`div`,{className:`body`,children:(0,M.jsx)(n,{})}):(0,M.jsx)(E,{title:(0,M.jsx)(o,{id:`UwvrGq`})})]})}export{I as Waterfall,F as default};