import{A as e,B as t,C as n,F as r,I as i,L as a,N as o,O as s,P as c,R as l,S as u,T as d,V as f,_ as p,b as m,g as h,i as g,k as _,l as v,m as y,v as b,w as x,x as S,y as C,z as w}from"./index-DwuIg6fa.js";import{Waterfall as T}from"./page-DWgyPfRX.js";var E=f(w(),1),D=t(),O=o(`
  query BuiltSegment($id: ID!) {
    segment(id: $id) {
      id
      name
      description
      kind
      type
      purpose
      status
      version
      criteriaText
      transitions
    }
  }
`),k=o(`
  query Preview($input: PreviewSegmentInput!) {
    previewSegment(input: $input) {
      memberCount
      sentence
      reach {
        total
        email
        directMail
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
      sample(first: 8) {
        id
        name
        externalId
        country
      }
      errors {
        code
        message
        path
      }
      warnings {
        code
        message
        suggestion
      }
    }
  }
`),A=o(`
  query Fields($kind: MemberKind!) {
    criteriaFields(kind: $kind) {
      name
      label
      type
      memberCount
    }
  }
`),j=o(`
  mutation CreateSegment($input: CreateSegmentInput!) {
    createSegment(input: $input) {
      segment {
        ...LiveSegment
      }
      errors {
        code
        message
        path
      }
    }
  }
`),M=o(`
  mutation UpdateSegment($input: UpdateSegmentInput!) {
    updateSegment(input: $input) {
      segment {
        ...LiveSegment
        criteriaText
        description
      }
      errors {
        code
        message
        path
      }
    }
  }
`),N=[`ACCOUNT`,`PERSON`,`ORGANIZATION`,`PRODUCT`,`DEAL`,`ACTIVITY`,`TICKET`];function P({id:e}){let[{data:t,error:i,fetching:o}]=r({query:O,variables:{id:e??``},pause:!e,requestPolicy:`network-only`});return e?i&&!t?(0,D.jsx)(C,{error:i}):t?.segment?(0,D.jsx)(F,{now:t.segment}):o?(0,D.jsx)(n,{}):(0,D.jsx)(b,{title:(0,D.jsx)(a,{id:`lZLhUQ`})}):(0,D.jsx)(I,{saved:null,now:null})}function F({now:e}){let[t]=(0,E.useState)(e);return(0,D.jsx)(I,{saved:t,now:e})}function I({saved:t,now:n}){let{_:o}=l(),f=c(),[,b]=i(),[w,O]=(0,E.useState)(t?.name??``),[A,P]=(0,E.useState)(t?.description??``),[F,I]=(0,E.useState)(t?.kind??`ACCOUNT`),[R,z]=(0,E.useState)(t?.purpose??``),[B,V]=(0,E.useState)(t?.criteriaText??``),[H,U]=(0,E.useState)([]),[W,G]=(0,E.useState)(!1),K=t?.type===`STATIC`,q=!t||t.status===`DRAFT`,J=s(B.trim(),200),[{data:Y,error:X,fetching:Z}]=r({query:k,variables:{input:{kind:F,purpose:R||null,criteriaText:J}},pause:!J||K,requestPolicy:`network-only`}),Q=J?Y?.previewSegment:void 0;(0,E.useEffect)(()=>{document.title=`${t?.name??o({id:`RVeTxp`})} – seggraph`},[t?.name,o]);async function $(e){G(!0);let n={name:w,description:A||null,purpose:R||null},r=B!==(t?.criteriaText??``),i=K||!r?void 0:B.trim()||null,a=i===void 0?{}:{criteriaText:i},s,c;if(t){let r=await f.mutation(M,{input:{id:t.id,version:t.version,activate:e,...n,...a}}).toPromise();s=g(r,e=>e.updateSegment),c=r.data?.updateSegment.segment?.id}else{let t=await f.mutation(j,{input:{kind:F,type:`DYNAMIC`,activate:e,...n,...a}}).toPromise();s=g(t,e=>e.createSegment),c=t.data?.createSegment.segment?.id}G(!1),U(s),c&&!s.length&&(y(o(e?{id:`97eG4q`}:{id:`mmYVfA`})),b(`/segments/${c}`))}let ee=t&&n&&n.version!==t.version,te=[`name`,`description`];return(0,D.jsxs)(D.Fragment,{children:[(0,D.jsxs)(x,{title:t?(0,D.jsx)(a,{id:`N6j2JH`,values:{0:t.name}}):(0,D.jsx)(a,{id:`RVeTxp`}),children:[q&&(0,D.jsx)(`button`,{type:`button`,className:`button`,disabled:W,onClick:()=>void $(!1),children:(0,D.jsx)(a,{id:`8tM8+a`})}),(0,D.jsx)(`button`,{type:`button`,className:`button primary`,disabled:W,onClick:()=>void $(!0),children:q?(0,D.jsx)(a,{id:`5OPusq`}):(0,D.jsx)(a,{id:`tfDRzk`})})]}),ee&&(0,D.jsx)(`div`,{className:`note warn`,role:`alert`,children:(0,D.jsx)(`div`,{children:(0,D.jsx)(a,{id:`eXJN/V`})})}),(0,D.jsx)(d,{of:H.filter(e=>!e.path?.some(e=>te.includes(e)))}),(0,D.jsxs)(`div`,{className:`two`,children:[(0,D.jsxs)(h,{children:[(0,D.jsxs)(u,{onSubmit:()=>void $(!q),children:[(0,D.jsx)(m,{label:(0,D.jsx)(a,{id:`6YtxFj`}),wrong:_(H,`name`),children:e=>(0,D.jsx)(`input`,{...e,value:w,onChange:e=>O(e.target.value)})}),(0,D.jsx)(m,{label:(0,D.jsx)(a,{id:`Nu4oKW`}),wrong:_(H,`description`),children:e=>(0,D.jsx)(`input`,{...e,value:A,onChange:e=>P(e.target.value)})}),!t&&(0,D.jsx)(m,{label:(0,D.jsx)(a,{id:`cHYc9N`}),children:t=>(0,D.jsx)(p,{ids:t,value:F,options:N.map(t=>[t,e(t)]),onChange:I})}),(0,D.jsx)(m,{label:(0,D.jsx)(a,{id:`d2bIDc`}),children:t=>(0,D.jsx)(p,{ids:t,value:R,options:[[``,e(`NONE`)],[`ACQUISITION`,e(`ACQUISITION`)],[`RETENTION`,e(`RETENTION`)]],onChange:z})}),!K&&(0,D.jsx)(m,{label:(0,D.jsx)(a,{id:`zelwwH`}),wrong:Q?.errors[0]?.message,hint:(0,D.jsx)(a,{id:`PLkDlq`}),children:e=>(0,D.jsx)(`textarea`,{...e,rows:8,spellCheck:!1,maxLength:2e4,value:B,onChange:e=>V(e.target.value),style:{fontFamily:`ui-monospace, monospace`}})})]}),!K&&(0,D.jsx)(L,{kind:F,onPick:e=>V(t=>t.trim()?`${t.trimEnd()} AND ${e} `:`${e} `)})]}),(0,D.jsx)(`div`,{className:`sticky`,children:(0,D.jsx)(h,{title:(0,D.jsx)(a,{id:`wUFLxL`}),children:(0,D.jsxs)(`div`,{className:`stack`,"aria-live":`polite`,"aria-busy":Z,children:[X&&(0,D.jsx)(C,{error:X}),!J&&(0,D.jsx)(`p`,{className:`muted`,children:(0,D.jsx)(a,{id:`F/ZIDB`})}),Q?.sentence&&(0,D.jsx)(`p`,{className:`sentence`,children:Q.sentence}),Q?.warnings.map((e,t)=>(0,D.jsxs)(`p`,{className:`note warn`,children:[e.message,` `,e.suggestion]},t)),Q&&!Q.errors.length&&(0,D.jsxs)(D.Fragment,{children:[(0,D.jsxs)(`div`,{className:`figures`,children:[(0,D.jsx)(S,{label:(0,D.jsx)(a,{id:`wlQNTg`}),children:v(Q.memberCount)}),(0,D.jsx)(S,{label:(0,D.jsx)(a,{id:`nj7xH+`}),children:v(Q.reach?.total)})]}),(0,D.jsx)(T,{name:o({id:`O3oNi5`}),steps:Q.reach?.waterfallEmail??[]}),(0,D.jsx)(T,{name:o({id:`a1ZtRX`}),steps:Q.reach?.waterfallMail??[]}),(0,D.jsx)(`h3`,{children:(0,D.jsx)(a,{id:`+hAR1q`})}),(0,D.jsx)(`ul`,{style:{margin:0,paddingLeft:`1.2rem`},children:Q.sample.map(e=>(0,D.jsxs)(`li`,{children:[e.name??e.externalId,` `,(0,D.jsx)(`span`,{className:`muted`,children:e.country})]},e.id))})]})]})})})]})]})}function L({kind:t,onPick:n}){let[{data:i}]=r({query:A,variables:{kind:t},requestPolicy:`cache-first`}),o=(i?.criteriaFields??[]).filter(e=>e.memberCount!==0);return(0,D.jsxs)(`details`,{style:{marginTop:`1rem`},children:[(0,D.jsx)(`summary`,{children:(0,D.jsx)(a,{id:`vF68cg`})}),(0,D.jsx)(`div`,{className:`chips`,style:{marginTop:`0.5rem`},children:o.map(t=>(0,D.jsxs)(`button`,{type:`button`,className:`button small`,title:`${t.label}: ${e(t.type)}`,onClick:()=>n(t.name),children:[t.name,t.memberCount!=null&&(0,D.jsx)(`span`,{className:`muted`,children:v(t.memberCount)})]},t.name))})]})}export{P as default};