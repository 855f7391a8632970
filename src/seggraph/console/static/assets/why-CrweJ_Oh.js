/* empty css                */import{a as e,h as t,m as n}from"./format-B-3hrhDS.js";import{i as r,t as i}from"./gql-h6yu-1fa.js";import{E as a,j as o,l as s,n as c,p as l,w as u}from"./parts-CrcGomB7.js";import{n as d}from"./values-BJb8_MHq.js";import{n as f}from"./react-DgRzD9U8.js";var p=f(),m=6;i(`
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
`);var h=i(`
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
`);function g({of:e,level:r=1}){let{_:i}=t();return(0,p.jsxs)(`li`,{children:[(0,p.jsxs)(`span`,{children:[(0,p.jsx)(`span`,{className:`mark ${e.matches?`yes`:`no`}`,role:`img`,"aria-label":e.matches?i({id:`8Ou0p0`}):i({id:`blE7Ns`}),children:e.matches?`✓`:`✗`}),(0,p.jsxs)(`span`,{children:[e.sentence,e.actual!=null&&(0,p.jsxs)(`span`,{className:`actual`,children:[` · `,(0,p.jsx)(n,{id:`7a/Njx`,values:{0:d(e.actual)}})]})]})]}),e.children&&e.children.length>0&&(0,p.jsx)(`ul`,{className:`why`,children:e.children.map((e,t)=>(0,p.jsx)(g,{of:e,level:r+1},t))}),r===m&&(0,p.jsx)(`p`,{className:`muted small`,children:(0,p.jsx)(n,{id:`E2aZBq`})})]})}function _({segmentId:i,memberId:d,onClose:f}){let{_:m}=t(),[_]=o(),[{data:v,error:y}]=r({query:h,variables:{segmentId:i,memberId:d},requestPolicy:`network-only`}),b=v?.segment?.explain,x=v?.segment?.name??``,S=v?.member?.name??v?.member?.externalId??``;return(0,p.jsxs)(c,{wide:!0,title:b?b.isMember?m({id:`Nhdmux`,values:{name:S,segment:x}}):m({id:`57m+LB`,values:{name:S,segment:x}}):(0,p.jsx)(n,{id:`9BruTc`}),onClose:f,children:[y&&(0,p.jsx)(s,{error:y}),b?(0,p.jsxs)(`div`,{className:`stack`,children:[(0,p.jsxs)(`section`,{className:`stack tight`,children:[(0,p.jsx)(`h3`,{children:(0,p.jsx)(n,{id:`MR2JOZ`})}),(0,p.jsx)(`ul`,{className:`why`,children:b.sources.map((t,r)=>(0,p.jsx)(`li`,{children:(0,p.jsxs)(`span`,{children:[(0,p.jsx)(`span`,{className:`mark ${t.linked?`yes`:`no`}`,"aria-hidden":`true`,children:t.linked?`✓`:`✗`}),(0,p.jsxs)(`span`,{children:[u(t.kind),t.playbook&&(0,p.jsxs)(p.Fragment,{children:[`: `,t.playbook.name]}),` `,(0,p.jsx)(`span`,{className:`muted`,children:t.blocked?(0,p.jsx)(n,{id:`xPES9S`}):t.linked?t.since?(0,p.jsx)(n,{id:`SXxhNE`,values:{0:e(t.since)}}):(0,p.jsx)(n,{id:`s568qc`}):(0,p.jsx)(n,{id:`uHa0lu`})})]})]})},r))})]}),b.criteria&&(0,p.jsxs)(`section`,{className:`stack tight`,children:[(0,p.jsx)(`h3`,{children:(0,p.jsx)(n,{id:`AJhCxQ`})}),(0,p.jsx)(`ul`,{className:`why`,"aria-label":`Criteria`,children:(0,p.jsx)(g,{of:b.criteria})})]}),b.missing.length>0&&(0,p.jsxs)(`section`,{className:`stack tight`,children:[(0,p.jsx)(`h3`,{children:(0,p.jsx)(n,{id:`OrntpD`})}),(0,p.jsx)(`ul`,{children:b.missing.map(e=>(0,p.jsx)(`li`,{children:e},e))})]}),v.member&&v.member.segmentIntervals.length>0&&(0,p.jsxs)(`section`,{className:`stack tight`,children:[(0,p.jsx)(`h3`,{children:(0,p.jsx)(n,{id:`JqrFvx`})}),(0,p.jsx)(`ul`,{children:v.member.segmentIntervals.map(t=>(0,p.jsxs)(`li`,{children:[e(t.from),` – `,t.to?e(t.to):(0,p.jsx)(n,{id:`YwzE9K`})]},t.from))})]}),_!==`/members/${d}`&&(0,p.jsx)(`p`,{children:(0,p.jsx)(a,{href:`/members/${d}`,children:(0,p.jsx)(n,{id:`cb/NNi`})})})]}):!y&&(v?(0,p.jsx)(`p`,{children:(0,p.jsx)(n,{id:`ZEgO/s`})}):(0,p.jsx)(l,{}))]})}export{_ as t};