/* empty css                */import{a as e,g as t,h as n,m as r,r as i,s as a}from"./format-B-3hrhDS.js";import{n as o,o as s,t as c}from"./react-DgRzD9U8.js";import{a as l,i as u,r as d,t as f}from"./gql-h6yu-1fa.js";import{E as p,T as m,c as h,d as g,h as ee,i as _,l as v,m as y,p as b,s as x,w as S,y as C}from"./parts-CrcGomB7.js";import{t as w}from"./acts-CTvrMCxA.js";import{r as T}from"./events-ydpgym96.js";import{o as te}from"./members-Bvm__G3o.js";import{a as E,o as D}from"./viewer-D4x_pclA.js";import{c as O,d as k,n as A}from"./editing-Bf7OLMNt.js";import{n as j}from"./values-BJb8_MHq.js";import{a as ne,i as re,n as M,o as N,r as P,s as F,t as ie}from"./reading-Cjpufdyd.js";var I=s(c(),1),L=o(),R=f(`
  fragment ImportState on Import {
    id
    status
    dryRun
    progress
    read
    added
    updated
    alreadyIn
    duplicate
    ignored
    failed
    partial
    merged
    removed
    pending
    related
    relatedNotFound
    relatedAmbiguous
    startedAt
    finishedAt
    rejectedUrl
    error {
      code
      message
      at
    }
    mapping {
      column
      field
    }
  }
`),z=f(`
  query ImportDetail($id: ID!) {
    import(id: $id) {
      ...ImportState
      kind
      content
      eventName
      relation
      channel
      reason
      fileName
      encoding
      delimiter
      hasHeader
      skipLines
      replace
      remove
      createMissing
      onlyTargets
      activate
      wholeRows
      createdAt
      segment {
        id
        name
        status
      }
      suggestedMapping {
        column
        field
        confidence
      }
      suggestedRelations {
        column
        field
        confidence
      }
      columns {
        name
        samples
        detectedType
        confidence
        reading
        interpreted
        ambiguities {
          setting
          options
          message
        }
      }
    }
  }
`),B=f(`
  query InterpretedColumn($id: ID!, $field: String, $reading: ColumnReading) {
    import(id: $id) {
      id
      columns {
        name
        shown: interpreted(field: $field, reading: $reading)
      }
    }
  }
`),ae=f(`
  mutation StartImport($input: StartImportInput!) {
    startImport(input: $input) {
      import {
        ...ImportState
      }
      errors {
        ...Wrong
      }
    }
  }
`),V=f(`
  mutation CancelImport($input: ImportIdInput!) {
    cancelImport(input: $input) {
      import {
        ...ImportState
      }
      errors {
        ...Wrong
      }
    }
  }
`),H=f(`
  subscription ImportProgress($id: ID!) {
    importEvents(importId: $id) {
      ...ImportState
    }
  }
`);function U({id:e}){let{_:t}=n(),[{data:i,error:a,fetching:o},s]=u({query:z,variables:{id:e}}),c=i?.import,d=c?.status===`RUNNING`;return l({query:H,variables:{id:e},pause:!d}),T([`IMPORT_FINISHED`],()=>s({requestPolicy:`network-only`})),k(c?.fileName??t({id:`l3s5ri`})),c?(0,L.jsx)(W,{found:c},c.id):a?(0,L.jsx)(v,{error:a,again:()=>s({requestPolicy:`network-only`})}):o?(0,L.jsx)(b,{}):(0,L.jsxs)(h,{title:(0,L.jsx)(r,{id:`EBYBsq`}),children:[(0,L.jsx)(`p`,{children:(0,L.jsx)(r,{id:`qy6IcZ`})}),(0,L.jsx)(p,{href:`/imports`,className:`button`,children:(0,L.jsx)(r,{id:`2xoyqj`})})]})}function W({found:t}){let n=D(),{act:i,busy:a,problems:o}=w(),[s,c]=(0,I.useState)(!1),l=t.status===`UPLOADED`||t.status===`COMPLETED`&&t.dryRun,u=t.status===`COMPLETED`||t.status===`FAILED`||t.status===`CANCELLED`;return(0,L.jsxs)(L.Fragment,{children:[(0,L.jsxs)(y,{title:t.fileName,below:(0,L.jsxs)(`div`,{className:`row`,children:[(0,L.jsx)(C,{of:t.status}),t.dryRun&&t.status!==`UPLOADED`&&(0,L.jsx)(`span`,{className:`badge accent`,children:(0,L.jsx)(r,{id:`5Qj7b7`})}),(0,L.jsx)(`span`,{className:`badge`,children:S(t.content)}),t.content!==`SUPPRESSIONS`&&(0,L.jsx)(`span`,{className:`badge`,children:S(t.kind)}),t.segment&&(0,L.jsxs)(`span`,{children:[t.remove?(0,L.jsx)(r,{id:`zwSAGC`}):(0,L.jsx)(r,{id:`HyUZd0`}),` `,(0,L.jsx)(p,{href:`/segments/${t.segment.id}`,children:t.segment.name})]}),(0,L.jsx)(`span`,{className:`small`,children:(0,L.jsx)(r,{id:`42KIDU`,values:{0:e(t.createdAt)}})})]}),children:[(t.status===`RUNNING`||t.status===`UPLOADED`)&&E(n)&&(0,L.jsx)(`button`,{type:`button`,className:`button`,onClick:()=>c(!0),children:t.status===`RUNNING`?(0,L.jsx)(r,{id:`ygCKqB`}):(0,L.jsx)(r,{id:`xnmRvy`})}),(0,L.jsx)(p,{href:`/imports`,className:`button`,children:(0,L.jsx)(r,{id:`9hi1mK`})})]}),t.error&&(0,L.jsxs)(`div`,{className:`note bad`,role:`alert`,children:[(0,L.jsx)(m,{name:`warning`}),(0,L.jsxs)(`div`,{children:[(0,L.jsx)(`p`,{children:t.error.message}),t.status===`FAILED`&&(0,L.jsx)(`p`,{children:(0,L.jsx)(r,{id:`Mz1YvZ`})})]})]}),t.status===`RUNNING`&&(0,L.jsx)(G,{found:t}),u&&(0,L.jsx)(K,{found:t}),(l||t.status===`RUNNING`)&&E(n)&&(0,L.jsx)(`div`,{hidden:t.status===`RUNNING`,children:(0,L.jsx)(Z,{found:t})}),!l&&t.status!==`RUNNING`&&(0,L.jsx)(Y,{found:t}),s&&(0,L.jsx)(x,{title:t.status===`RUNNING`?(0,L.jsx)(r,{id:`uWbnfl`}):(0,L.jsx)(r,{id:`xnmRvy`}),action:t.status===`RUNNING`?(0,L.jsx)(r,{id:`ygCKqB`}):(0,L.jsx)(r,{id:`bzSI52`}),danger:!0,problems:o,onClose:()=>c(!1),onConfirm:async()=>!(a||!await i(V,{input:{id:t.id}})),children:(0,L.jsx)(`p`,{children:t.status===`RUNNING`&&!t.dryRun?(0,L.jsx)(r,{id:`f1PfoP`}):(0,L.jsx)(r,{id:`obVBky`})})})]})}function G({found:e}){let{_:t}=n();return(0,L.jsx)(_,{title:e.dryRun?(0,L.jsx)(r,{id:`Lebhes`}):(0,L.jsx)(r,{id:`GVoBqk`}),children:(0,L.jsxs)(`div`,{className:`stack`,"aria-live":`polite`,children:[(0,L.jsx)(`div`,{className:`bar`,role:`progressbar`,"aria-label":t({id:`CP3D8G`}),"aria-valuemin":0,"aria-valuemax":100,"aria-valuenow":Math.round((e.progress??0)*100),style:{height:10},children:(0,L.jsx)(`i`,{style:{width:`${(e.progress??0)*100}%`}})}),(0,L.jsxs)(`p`,{children:[(0,L.jsx)(r,{id:`0yQBai`,values:{0:e.read}}),` · `,a(e.progress)]})]})})}function K({found:e}){let{_:t}=n(),a=!!e.segment,o=[{key:`added`,n:e.added,tone:`good`,text:e.content===`MEMBERS`?t(a?{id:`c6dLUK`}:{id:`Oz0N9s`}):t({id:`Oz0N9s`})},{key:`updated`,n:e.updated,tone:`good`,text:t({id:`US/X0k`})},{key:`removed`,n:e.removed,tone:`good`,text:t({id:`2T3/dQ`})},{key:`merged`,n:e.merged,tone:`good`,text:t({id:`dMgl8o`})},{key:`alreadyIn`,n:e.alreadyIn,tone:`same`,text:t({id:`ydaFld`})},{key:`pending`,n:e.pending,tone:`same`,text:t({id:`h7x/8g`})},{key:`duplicate`,n:e.duplicate,tone:`warn`,text:t({id:`MKEENz`})},{key:`ignored`,n:e.ignored,tone:`warn`,text:t({id:`HFvDCz`})},{key:`failed`,n:e.failed,tone:`bad`,text:t({id:`Se3NxK`})}].filter(e=>e.n>0||[`added`,`failed`].includes(e.key)),s=e.read||1;return(0,L.jsx)(_,{title:e.dryRun?(0,L.jsx)(r,{id:`a5gr0t`}):(0,L.jsx)(r,{id:`/JvwXF`}),side:(0,L.jsx)(`span`,{className:`muted small`,children:(0,L.jsx)(r,{id:`0yQBai`,values:{0:e.read}})}),children:(0,L.jsxs)(`div`,{className:`stack`,children:[(0,L.jsx)(`div`,{className:`account`,role:`img`,"aria-label":o.map(e=>`${e.text}: ${e.n}`).join(`, `),children:o.map(e=>e.n>0&&(0,L.jsx)(`i`,{className:e.tone,style:{width:`${100*e.n/s}%`}},e.key))}),(0,L.jsx)(`div`,{className:`figures small-figures`,children:o.map(e=>(0,L.jsx)(g,{label:e.text,children:i(e.n)},e.key))}),e.partial>0&&(0,L.jsx)(`p`,{children:(0,L.jsx)(r,{id:`6wmk0M`,values:{0:e.partial}})}),e.related+e.relatedNotFound+e.relatedAmbiguous>0&&(0,L.jsx)(`p`,{children:(0,L.jsx)(r,{id:`Cg7dik`,values:{0:i(e.related),1:i(e.relatedNotFound),2:i(e.relatedAmbiguous)}})}),e.rejectedUrl?(0,L.jsx)(J,{url:e.rejectedUrl},`${e.rejectedUrl}${e.finishedAt}`):e.status===`COMPLETED`&&e.failed+e.duplicate+e.ignored+e.partial===0&&(0,L.jsx)(`p`,{className:`note good`,children:(0,L.jsx)(`span`,{children:(0,L.jsx)(r,{id:`M9pQv+`})})}),!e.dryRun&&e.segment&&e.status===`COMPLETED`&&(0,L.jsx)(`p`,{children:(0,L.jsx)(p,{href:`/segments/${e.segment.id}/members`,className:`button`,children:t({id:`OPRs1P`,values:{0:e.segment.name}})})})]})})}var q=200;function J({url:e}){let{_:t}=n(),[i,a]=(0,I.useState)(null),[o,s]=(0,I.useState)(!1),[c,l]=(0,I.useState)(!1);(0,I.useEffect)(()=>{let t=new AbortController;async function n(){let n=await fetch(e,{signal:t.signal}),r=n.ok?n.body?.getReader():void 0;if(!r)return l(!0);let i=new TextDecoder,o=``,c=!1;for(;!c&&o.length<4e5;){let{done:e,value:t}=await r.read();c=e,o+=i.decode(t,{stream:!e})}c||await r.cancel();let u=F(o.replace(/^\ufeff/,``),202);s(!c||u.length>201),a(u.slice(0,201))}return n().catch(()=>{t.signal.aborted||l(!0)}),()=>t.abort()},[e]);let[u,...d]=i??[],f=u?.indexOf(`reason`)??-1,p={PARTIAL:t({id:`Cyr0H1`}),DUPLICATE:t({id:`MKEENz`}),IGNORED:t({id:`HFvDCz`}),FAILED:t({id:`Se3NxK`})};return(0,L.jsxs)(`section`,{className:`stack tight`,children:[(0,L.jsxs)(`div`,{className:`row apart`,children:[(0,L.jsx)(`h3`,{children:(0,L.jsx)(r,{id:`DX5scl`})}),(0,L.jsxs)(`a`,{className:`button small`,href:e,download:``,children:[(0,L.jsx)(m,{name:`download`}),(0,L.jsx)(r,{id:`9o0txR`})]})]}),(0,L.jsx)(`p`,{className:`muted small`,children:(0,L.jsx)(r,{id:`L9Lbt5`})}),c&&(0,L.jsx)(`p`,{className:`note warn`,children:(0,L.jsx)(r,{id:`yNhtRq`})}),!i&&!c&&(0,L.jsx)(b,{rows:3}),u&&(0,L.jsx)(`div`,{className:`rejects`,tabIndex:0,role:`group`,"aria-label":t({id:`3CY04W`}),children:(0,L.jsxs)(`table`,{children:[(0,L.jsx)(`thead`,{children:(0,L.jsx)(`tr`,{children:u.map((e,n)=>(0,L.jsx)(`th`,{children:n<4?{line:t({id:`rjuFFw`}),outcome:t({id:`EufvBx`}),code:t({id:`EWPtMO`}),reason:t({id:`VJScHU`})}[e]??e:e},n))})}),(0,L.jsx)(`tbody`,{children:d.map((e,t)=>(0,L.jsx)(`tr`,{children:e.map((e,t)=>(0,L.jsx)(`td`,{className:t===f?`reason`:``,title:e,children:u[t]===`outcome`&&t<4?p[e]??e:e},t))},t))})]})}),o&&(0,L.jsx)(`p`,{className:`muted small`,children:(0,L.jsx)(r,{id:`z3Sby9`,values:{SHOWN:q}})})]})}function Y({found:e}){return e.mapping?.length?(0,L.jsx)(_,{title:(0,L.jsx)(r,{id:`XwvrBE`}),bare:!0,children:(0,L.jsx)(`ul`,{className:`plain-list`,children:e.mapping.map(e=>(0,L.jsxs)(`li`,{children:[(0,L.jsx)(`span`,{className:`grow`,children:e.column}),(0,L.jsxs)(`span`,{children:[`→ `,P(e.field),` `,(0,L.jsx)(`code`,{className:`muted`,children:e.field})]})]},e.column+e.field))})}):null}var X=`+`;function Z({found:e}){let{_:i}=n(),{act:a,busy:o,problems:s}=w(),[{data:c}]=u({query:te,variables:{kind:e.kind}}),l=e=>e.startsWith(`relations.`),d=e.mapping??e.suggestedMapping,[f,m]=(0,I.useState)(()=>Object.fromEntries(d.filter(e=>!l(e.field)).map(e=>[e.column,e.field]))),[h,g]=(0,I.useState)(()=>new Set((e.mapping??[]).filter(e=>l(e.field)).map(e=>`${e.column}\0${e.field}`))),[v,y]=(0,I.useState)({}),[b,x]=(0,I.useState)(e.eventName??``),[C,T]=(0,I.useState)(e.relation??``),[E,D]=(0,I.useState)(e.channel??``),[k,j]=(0,I.useState)(e.reason??`MANUAL`),[M,F]=(0,I.useState)(e.createMissing),[R,z]=(0,I.useState)(``),[B,V]=(0,I.useState)(e.activate),[H,U]=(0,I.useState)(e.wholeRows),W=ne(e.content,e.kind),G=N(e.content),K=e.content===`MEMBERS`?(c?.criteriaFields??[]).filter(e=>e.isCustom).map(e=>e.name):[],q=new Set(Object.values(f).filter(Boolean)),J=re(e.content,e.kind,q,{eventName:b,relation:C}),Y=e=>f[e.name]?e.ambiguities.filter(t=>!oe(t,v[e.name])):[],X=e.columns.filter(e=>Y(e).length),Z=e.content===`MEMBERS`&&[`impr`,`click|klick`,`cost|spend|spent|kosten|ausgegeben`].filter(t=>e.columns.some(e=>new RegExp(t,`i`).test(e.name))).length>=2,Q=t=>{let n=e.suggestedMapping.find(e=>e.column===t);return n&&n.field===f[t]?n.confidence:null};async function $(t){let n=[...e.columns.flatMap(e=>f[e.name]?[{column:e.name,field:f[e.name]??``}]:[]),...[...h].map(e=>{let[t=``,n=``]=e.split(`\0`);return{column:t,field:n}})],r=Object.entries(v).map(([e,t])=>({column:e,...t}));await a(ae,{input:{id:e.id,mapping:n,dryRun:t,createMissing:M,wholeRows:H,activate:B,...r.length&&{columns:r},...R&&{onlyTargets:R===`yes`},...e.content===`EVENTS`&&b.trim()&&{eventName:b.trim()},...e.content===`RELATIONS`&&C.trim()&&{relation:C.trim()},...e.content===`SUPPRESSIONS`&&{channel:E||null,reason:k}}}),scrollTo({top:0})}let le=(0,L.jsxs)(`div`,{className:`row`,children:[(0,L.jsx)(`button`,{type:`button`,className:`button`,disabled:o,onClick:()=>void $(!0),children:(0,L.jsx)(r,{id:`QUabFD`})}),(0,L.jsx)(`button`,{type:`button`,className:`button primary`,disabled:o,onClick:()=>void $(!1),children:(0,L.jsx)(r,{id:`l3s5ri`})})]});return(0,L.jsxs)(`div`,{className:`stack`,children:[(0,L.jsx)(ee,{of:s}),Z&&(0,L.jsx)(`div`,{className:`note warn`,children:(0,L.jsxs)(`div`,{children:[(0,L.jsx)(`p`,{children:(0,L.jsx)(r,{id:`QZNAHM`})}),(0,L.jsx)(`p`,{children:(0,L.jsx)(p,{href:`/imports/report`,className:`button small`,children:(0,L.jsx)(r,{id:`k2y4ZI`})})})]})}),(0,L.jsxs)(`div`,{className:`two`,children:[(0,L.jsx)(_,{title:(0,L.jsx)(r,{id:`OZY+6x`}),side:(0,L.jsxs)(`span`,{className:`muted small`,children:[e.encoding,`, `,e.hasHeader?(0,L.jsx)(r,{id:`WuIwWe`}):(0,L.jsx)(r,{id:`CrSnpM`}),e.skipLines>0&&(0,L.jsxs)(L.Fragment,{children:[`, `,(0,L.jsx)(r,{id:`dq6S2p`,values:{0:e.skipLines}})]})]}),bare:!0,children:(0,L.jsx)(`div`,{className:`scroll`,tabIndex:0,role:`group`,"aria-label":i({id:`OZY+6x`}),children:(0,L.jsxs)(`table`,{className:`mapping`,children:[(0,L.jsx)(`thead`,{children:(0,L.jsxs)(`tr`,{children:[(0,L.jsx)(`th`,{children:(0,L.jsx)(r,{id:`WtgDbl`})}),(0,L.jsx)(`th`,{children:(0,L.jsx)(r,{id:`Nt9uPS`})}),(0,L.jsx)(`th`,{children:(0,L.jsx)(r,{id:`UtMmPO`})})]})}),(0,L.jsx)(`tbody`,{children:e.columns.map(t=>(0,L.jsxs)(`tr`,{"data-open":Y(t).length?``:void 0,children:[(0,L.jsx)(`td`,{className:`column`,children:t.name}),(0,L.jsx)(`td`,{children:(0,L.jsxs)(`div`,{className:`target`,children:[(0,L.jsx)(se,{column:t.name,places:W,own:K,prefix:G,taken:q,value:f[t.name]??``,confidence:Q(t.name),onChange:e=>m({...f,[t.name]:e})}),e.suggestedRelations.filter(e=>e.column===t.name).map(e=>{let t=`${e.column}\0${e.field}`;return(0,L.jsxs)(`label`,{className:`check small`,children:[(0,L.jsx)(`input`,{type:`checkbox`,checked:h.has(t),onChange:e=>{let n=new Set(h);e.target.checked?n.add(t):n.delete(t),g(n)}}),(0,L.jsx)(r,{id:`Zug7g4`,values:{0:P(e.field.replace(`relations.`,``))}})]},t)}),f[t.name]&&(0,L.jsx)(ie,{column:t.name,field:f[t.name]??``,type:t.detectedType,known:t.reading,ambiguities:t.ambiguities,value:v[t.name]??{},onChange:e=>y({...v,[t.name]:e})})]})}),(0,L.jsx)(`td`,{className:`samples`,children:(0,L.jsx)(ce,{id:e.id,column:t,field:f[t.name]??``,reading:v[t.name],isSuggested:Q(t.name)!==null})})]},t.name))})]})})}),(0,L.jsx)(`div`,{className:`sticky`,children:(0,L.jsx)(_,{title:(0,L.jsx)(r,{id:`4qRooh`}),children:(0,L.jsxs)(`div`,{className:`stack`,children:[(0,L.jsxs)(`ul`,{className:`needs`,children:[J.map((e,n)=>(0,L.jsxs)(`li`,{children:[(0,L.jsxs)(`span`,{className:`badge ${e.isMet?`good`:`bad`}`,children:[e.isMet?`✓`:`✗`,(0,L.jsx)(`span`,{className:`hidden-text`,children:e.isMet?i({id:`tn4pEQ`}):i({id:`8DvOLm`})})]}),(0,L.jsx)(`span`,{children:t._(e.text)})]},n)),(0,L.jsxs)(`li`,{children:[(0,L.jsxs)(`span`,{className:`badge ${X.length?`bad`:`good`}`,children:[X.length?`✗`:`✓`,(0,L.jsx)(`span`,{className:`hidden-text`,children:X.length?i({id:`Kz1TxG`}):i({id:`K0PCkZ`})})]}),(0,L.jsx)(`span`,{children:X.length?(0,L.jsx)(r,{id:`AOlzpq`,values:{0:X.map(e=>e.name).join(`, `)}}):(0,L.jsx)(r,{id:`vkVMvc`})})]})]}),e.content===`EVENTS`&&!q.has(`name`)&&(0,L.jsx)(O,{label:i({id:`Wn3VJ4`}),value:b,onChange:x,problems:s,name:`eventName`}),e.content===`RELATIONS`&&!q.has(`relation`)&&(0,L.jsx)(O,{label:i({id:`cm5dAX`}),hint:i({id:`sSvLzC`}),value:C,onChange:T,problems:s,name:`relation`}),e.content===`SUPPRESSIONS`&&(0,L.jsxs)(L.Fragment,{children:[(0,L.jsx)(A,{label:i({id:`4Jx91n`}),value:E,options:[[``,i({id:`1WguTy`})],...[`EMAIL`,`DIRECT_MAIL`,`SMS`,`PHONE`].map(e=>[e,S(e)])],onChange:D}),(0,L.jsx)(A,{label:i({id:`pDro5g`}),value:k,options:[`MANUAL`,`UNSUBSCRIBE`,`BOUNCE`,`COMPLAINT`].map(e=>[e,S(e)]),onChange:j})]}),(e.content===`MEMBERS`||e.content===`RELATIONS`)&&!e.remove&&(0,L.jsxs)(`label`,{className:`check small`,children:[(0,L.jsx)(`input`,{type:`checkbox`,checked:M,onChange:e=>F(e.target.checked)}),e.content===`MEMBERS`?(0,L.jsx)(r,{id:`a7e/bR`}):(0,L.jsx)(r,{id:`HMX5vc`})]}),e.content===`MEMBERS`&&e.segment&&(0,L.jsx)(A,{label:i({id:`aZ6tkj`}),value:R,options:[[``,e.kind===`ACCOUNT`?i({id:`18BMPu`}):i({id:`5f7xgP`})],[`yes`,i({id:`Htww2f`})],[`no`,i({id:`Zz6tyF`})]],onChange:z}),e.segment?.status===`DRAFT`&&!e.remove&&(0,L.jsxs)(`label`,{className:`check small`,children:[(0,L.jsx)(`input`,{type:`checkbox`,checked:B,onChange:e=>V(e.target.checked)}),(0,L.jsx)(r,{id:`tevyId`})]}),(0,L.jsxs)(`label`,{className:`check small`,children:[(0,L.jsx)(`input`,{type:`checkbox`,checked:H,onChange:e=>U(e.target.checked)}),(0,L.jsx)(r,{id:`1D0QJb`})]}),le]})})})]})]})}var oe=(e,t)=>e.setting===`words`?e.options.every(e=>t?.words&&e in t.words):!!t?.[e.setting];function se({column:e,places:t,own:r,prefix:i,taken:o,value:s,confidence:c,onChange:l}){let{_:u}=n(),d=!s||t.some(e=>e.field===s)||r.includes(s),[f,p]=(0,I.useState)(!1),m={keys:u({id:`/TIgav`}),fields:u({id:`vF68cg`}),addresses:u({id:`Etzg+x`}),consents:u({id:`g8jjNi`}),attributes:u({id:`mSjQYg`})},h=!d||f;return(0,L.jsxs)(L.Fragment,{children:[(0,L.jsxs)(`span`,{className:`row`,style:{flexWrap:`nowrap`},children:[(0,L.jsxs)(`select`,{"aria-label":u({id:`sMpEdz`,values:{column:e}}),value:h?X:s,onChange:t=>{let n=t.target.value;p(n===X),l(n===X?i===`attributes.`?e:`${i}${e}`:n)},children:[(0,L.jsx)(`option`,{value:``,children:u({id:`HJ/dLP`})}),Object.keys(m).map(e=>{let n=e===`attributes`?r.map(t=>({field:t,group:e})):t.filter(t=>t.group===e);return n.length>0&&(0,L.jsx)(`optgroup`,{label:m[e],children:n.map(e=>(0,L.jsxs)(`option`,{value:e.field,children:[P(e.field),o.has(e.field)&&e.field!==s?` (${u({id:`tT3+h6`})})`:``]},e.field))},e)}),i&&(0,L.jsx)(`option`,{value:X,children:u(i===`attributes.`?{id:`ZOX3iJ`}:{id:`GUJdvW`})}),!i&&!d&&(0,L.jsx)(`option`,{value:X,children:s})]}),c!==null&&(0,L.jsx)(`span`,{className:`badge ${c>=.8?`good`:`warn`}`,title:u({id:`d1x2Vr`}),children:a(c)})]}),h&&i&&(0,L.jsx)(`input`,{"aria-label":u({id:`F/nYSk`,values:{column:e}}),value:s.startsWith(i)?s.slice(i.length):s,onChange:e=>{p(!0),l(i===`attributes.`?e.target.value:`${i}${e.target.value}`)}})]})}function ce({id:e,column:t,field:n,reading:r,isSuggested:i}){let a=d(),[o,s]=(0,I.useState)(null),c=!n||i&&!r,l=JSON.stringify([n,r]);return(0,I.useEffect)(()=>{if(c)return s(null);let i=!1,o=setTimeout(()=>{a.query(B,{id:e,field:n,reading:r?{column:t.name,...r}:null},{requestPolicy:`network-only`}).toPromise().then(({data:e})=>{i||s(e?.import?.columns.find(e=>e.name===t.name)?.shown??null)})},200);return()=>{i=!0,clearTimeout(o)}},[a,e,t.name,l,c]),t.samples.length?(0,L.jsx)(M,{before:t.samples,after:n?(o??t.interpreted).map(e=>e==null?null:n.startsWith(`consent`)?S(String(e)):j(e)):null}):(0,L.jsx)(`span`,{className:`muted`,children:`–`})}export{R as ImportState,U as default};