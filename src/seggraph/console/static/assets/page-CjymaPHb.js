import{B as e,C as t,D as n,F as r,I as i,L as a,M as o,N as s,O as c,P as l,R as u,S as d,_ as f,b as p,g as m,h,i as g,k as _,l as v,p as y,v as b,w as x,x as S,y as C,z as w}from"./index-BbgIpMKF.js";import{Waterfall as T}from"./page-Bg0cDZCO.js";var E=e(u(),1),D=w(),O=o(`
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
`),N=[`ACCOUNT`,`PERSON`,`ORGANIZATION`,`PRODUCT`,`DEAL`,`ACTIVITY`,`TICKET`];function P({id:e}){let[{data:t,error:n,fetching:r}]=l({query:O,variables:{id:e??``},pause:!e,requestPolicy:`network-only`});return e?n&&!t?(0,D.jsx)(b,{error:n}):t?.segment?(0,D.jsx)(F,{now:t.segment}):r?(0,D.jsx)(d,{}):(0,D.jsx)(f,{title:(0,D.jsx)(i,{id:`lZLhUQ`})}):(0,D.jsx)(I,{saved:null,now:null})}function F({now:e}){let[t]=(0,E.useState)(e);return(0,D.jsx)(I,{saved:t,now:e})}function I({saved:e,now:o}){let{_:u}=a(),d=s(),[,f]=r(),[w,O]=(0,E.useState)(e?.name??``),[A,P]=(0,E.useState)(e?.description??``),[F,I]=(0,E.useState)(e?.kind??`ACCOUNT`),[R,z]=(0,E.useState)(e?.purpose??``),[B,V]=(0,E.useState)(e?.criteriaText??``),[H,U]=(0,E.useState)([]),[W,G]=(0,E.useState)(!1),K=e?.type===`STATIC`,q=!e||e.status===`DRAFT`,J=n(B.trim(),200),[{data:Y,error:X,fetching:Z}]=l({query:k,variables:{input:{kind:F,purpose:R||null,criteriaText:J}},pause:!J||K,requestPolicy:`network-only`}),Q=J?Y?.previewSegment:void 0;(0,E.useEffect)(()=>{document.title=`${e?.name??u({id:`RVeTxp`})} – seggraph`},[e?.name,u]);async function $(t){G(!0);let n={name:w,description:A||null,purpose:R||null},r=K?void 0:B.trim()||null,i=r===void 0?{}:{criteriaText:r},a,o;if(e){let r=await d.mutation(M,{input:{id:e.id,version:e.version,activate:t,...n,...i}}).toPromise();a=g(r,e=>e.updateSegment),o=r.data?.updateSegment.segment?.id}else{let e=await d.mutation(j,{input:{kind:F,type:`DYNAMIC`,activate:t,...n,...i}}).toPromise();a=g(e,e=>e.createSegment),o=e.data?.createSegment.segment?.id}G(!1),U(a),o&&!a.length&&(y(u(t?{id:`97eG4q`}:{id:`mmYVfA`})),f(`/segments/${o}`))}let ee=e&&o&&o.version!==e.version,te=[`name`,`description`];return(0,D.jsxs)(D.Fragment,{children:[(0,D.jsxs)(t,{title:e?(0,D.jsx)(i,{id:`N6j2JH`,values:{0:e.name}}):(0,D.jsx)(i,{id:`RVeTxp`}),children:[q&&(0,D.jsx)(`button`,{type:`button`,className:`button`,disabled:W,onClick:()=>void $(!1),children:(0,D.jsx)(i,{id:`8tM8+a`})}),(0,D.jsx)(`button`,{type:`button`,className:`button primary`,disabled:W,onClick:()=>void $(!0),children:q?(0,D.jsx)(i,{id:`5OPusq`}):(0,D.jsx)(i,{id:`tfDRzk`})})]}),ee&&(0,D.jsx)(`div`,{className:`note warn`,role:`alert`,children:(0,D.jsx)(`div`,{children:(0,D.jsx)(i,{id:`eXJN/V`})})}),(0,D.jsx)(x,{of:H.filter(e=>!e.path?.some(e=>te.includes(e)))}),(0,D.jsxs)(`div`,{className:`two`,children:[(0,D.jsxs)(h,{children:[(0,D.jsxs)(S,{onSubmit:()=>void $(!q),children:[(0,D.jsx)(C,{label:(0,D.jsx)(i,{id:`6YtxFj`}),wrong:c(H,`name`),children:e=>(0,D.jsx)(`input`,{...e,value:w,onChange:e=>O(e.target.value)})}),(0,D.jsx)(C,{label:(0,D.jsx)(i,{id:`Nu4oKW`}),wrong:c(H,`description`),children:e=>(0,D.jsx)(`input`,{...e,value:A,onChange:e=>P(e.target.value)})}),!e&&(0,D.jsx)(C,{label:(0,D.jsx)(i,{id:`cHYc9N`}),children:e=>(0,D.jsx)(m,{ids:e,value:F,options:N.map(e=>[e,_(e)]),onChange:I})}),(0,D.jsx)(C,{label:(0,D.jsx)(i,{id:`d2bIDc`}),children:e=>(0,D.jsx)(m,{ids:e,value:R,options:[[``,_(`NONE`)],[`ACQUISITION`,_(`ACQUISITION`)],[`RETENTION`,_(`RETENTION`)]],onChange:z})}),!K&&(0,D.jsx)(C,{label:(0,D.jsx)(i,{id:`zelwwH`}),wrong:Q?.errors[0]?.message,hint:(0,D.jsx)(i,{id:`PLkDlq`}),children:e=>(0,D.jsx)(`textarea`,{...e,rows:8,spellCheck:!1,maxLength:2e4,value:B,onChange:e=>V(e.target.value),style:{fontFamily:`ui-monospace, monospace`}})})]}),!K&&(0,D.jsx)(L,{kind:F,onPick:e=>V(t=>t.trim()?`${t.trimEnd()} AND ${e} `:`${e} `)})]}),(0,D.jsx)(`div`,{className:`sticky`,children:(0,D.jsx)(h,{title:(0,D.jsx)(i,{id:`wUFLxL`}),children:(0,D.jsxs)(`div`,{className:`stack`,"aria-live":`polite`,"aria-busy":Z,children:[X&&(0,D.jsx)(b,{error:X}),!J&&(0,D.jsx)(`p`,{className:`muted`,children:(0,D.jsx)(i,{id:`F/ZIDB`})}),Q?.sentence&&(0,D.jsx)(`p`,{className:`sentence`,children:Q.sentence}),Q?.warnings.map((e,t)=>(0,D.jsxs)(`p`,{className:`note warn`,children:[e.message,` `,e.suggestion]},t)),Q&&!Q.errors.length&&(0,D.jsxs)(D.Fragment,{children:[(0,D.jsxs)(`div`,{className:`figures`,children:[(0,D.jsx)(p,{label:(0,D.jsx)(i,{id:`wlQNTg`}),children:v(Q.memberCount)}),(0,D.jsx)(p,{label:(0,D.jsx)(i,{id:`nj7xH+`}),children:v(Q.reach?.total)})]}),(0,D.jsx)(T,{name:u({id:`O3oNi5`}),steps:Q.reach?.waterfallEmail??[]}),(0,D.jsx)(T,{name:u({id:`a1ZtRX`}),steps:Q.reach?.waterfallMail??[]}),(0,D.jsx)(`h3`,{children:(0,D.jsx)(i,{id:`+hAR1q`})}),(0,D.jsx)(`ul`,{style:{margin:0,paddingLeft:`1.2rem`},children:Q.sample.map(e=>(0,D.jsxs)(`li`,{children:[e.name??e.externalId,` `,(0,D.jsx)(`span`,{className:`muted`,children:e.country})]},e.id))})]})]})})})]})]})}function L({kind:e,onPick:t}){let[{data:n}]=l({query:A,variables:{kind:e},requestPolicy:`cache-first`}),r=(n?.criteriaFields??[]).filter(e=>e.memberCount!==0);return(0,D.jsxs)(`details`,{style:{marginTop:`1rem`},children:[(0,D.jsx)(`summary`,{children:(0,D.jsx)(i,{id:`vF68cg`})}),(0,D.jsx)(`div`,{className:`chips`,style:{marginTop:`0.5rem`},children:r.map(e=>(0,D.jsxs)(`button`,{type:`button`,className:`button small`,title:`${e.label}: ${_(e.type)}`,onClick:()=>t(e.name),children:[e.name,e.memberCount!=null&&(0,D.jsx)(`span`,{className:`muted`,children:v(e.memberCount)})]},e.name))})]})}export{P as default};