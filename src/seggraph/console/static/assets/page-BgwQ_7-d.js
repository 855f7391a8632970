import{h as e,m as t,r as n,s as r,t as i}from"./format-B-3hrhDS.js";import{n as a,o,t as s}from"./react-DgRzD9U8.js";import{i as c,t as l}from"./gql-h6yu-1fa.js";import{E as u,T as d,_ as f,b as p,i as m,l as h,m as g,p as _,t as v,w as y,x as b}from"./parts-CrcGomB7.js";import{a as x,o as S}from"./viewer-D4x_pclA.js";import{t as C}from"./url-mtI_wMPf.js";import{a as w,c as T,d as E,l as D,n as O,t as k}from"./editing-Bf7OLMNt.js";import{n as A}from"./values-BJb8_MHq.js";import{t as j}from"./acts-CTvrMCxA.js";import{r as M}from"./toasts-CFiwKVg3.js";var N=o(s(),1),P=l(`
  query Catalogue($kind: MemberKind!) {
    criteriaFields(kind: $kind, includeHidden: true) {
      name
      label
      description
      type
      group
      isCustom
      hidden
      isPersonal
      example
      memberCount
    }
    members(kind: $kind, first: 1) {
      totalCount
    }
  }
`),F=l(`
  query CatalogueEvents($kind: MemberKind!) {
    eventNames(kind: $kind) {
      name
      count
      lastAt
      properties {
        name
        type
        count
        examples
      }
    }
  }
`),I=l(`
  query CatalogueTags($kind: MemberKind!) {
    valueSuggestions(kind: $kind, field: "tags", first: 100) {
      value
      count
    }
  }
`),L=l(`
  mutation DeclareAttribute($input: DeclareAttributeInput!) {
    declareAttribute(input: $input) {
      attribute {
        name
      }
      errors {
        ...Wrong
      }
    }
  }
`),R=l(`
  mutation UpdateAttribute($input: UpdateAttributeInput!) {
    updateAttribute(input: $input) {
      attribute {
        name
      }
      errors {
        ...Wrong
      }
    }
  }
`),z=l(`
  query AttributeChangePreview($kind: MemberKind!, $name: String!, $change: AttributeChangeInput!) {
    attributeChangePreview(kind: $kind, name: $name, change: $change) {
      memberCount
      keptCount
      lostCount
      warnings
      lostValues {
        value
        count
        externalId
      }
      uses {
        type
        id
        name
        memberCountBefore
        memberCountAfter
        problem
      }
    }
  }
`),B=l(`
  mutation ChangeAttribute($input: ChangeAttributeInput!) {
    changeAttribute(input: $input) {
      bulkEdit {
        id
        status
        total
      }
      errors {
        ...Wrong
      }
    }
  }
`),V=a(),H=[`STRING`,`NUMBER`,`BOOLEAN`,`DATE`,`DATETIME`,`STRING_LIST`];function U({kind:n,attribute:r,onClose:i,onDone:a}){let{_:o}=e(),{act:s,busy:c,problems:l}=j(),[u,d]=(0,N.useState)(r?.name??``),[f,p]=(0,N.useState)(r?.type??`STRING`),[m,h]=(0,N.useState)(r?.label??``),[g,_]=(0,N.useState)(r?.description??``),[v,b]=(0,N.useState)(r?.isPersonal??!1),[x,S]=(0,N.useState)(r?.hidden??!1);async function C(){let e={kind:n,name:u.trim(),label:m.trim()||null,description:g.trim()||null,isPersonal:v};(r?await s(R,{input:{...e,hidden:x}}):await s(L,{input:{...e,type:f}}))&&(M(o({id:`idD8Ev`})),a(),i())}return(0,V.jsxs)(k,{title:r?r.label:(0,V.jsx)(t,{id:`GSbFb+`,values:{0:y(n)}}),action:(0,V.jsx)(t,{id:`tfDRzk`}),busy:c,problems:D(l,`name`,`label`,`description`),onSubmit:()=>void C(),onClose:i,children:[!r&&(0,V.jsxs)(`div`,{className:`pair`,children:[(0,V.jsx)(T,{label:o({id:`6YtxFj`}),value:u,onChange:d,problems:l,name:`name`,hint:o({id:`gyQRWL`}),autoFocus:!0}),(0,V.jsx)(O,{label:o({id:`+zy2Nq`}),value:f,options:H.map(e=>[e,y(e)]),onChange:p})]}),(0,V.jsx)(T,{label:o({id:`87a/t/`}),value:m,onChange:h,problems:l,name:`label`,hint:o({id:`1MO0WT`})}),(0,V.jsx)(T,{label:o({id:`Nu4oKW`}),value:g,onChange:_,problems:l,name:`description`}),(0,V.jsxs)(`label`,{className:`check`,children:[(0,V.jsx)(`input`,{type:`checkbox`,checked:v,onChange:e=>b(e.target.checked)}),(0,V.jsx)(t,{id:`ChiVYn`})]}),r&&(0,V.jsxs)(`label`,{className:`check`,children:[(0,V.jsx)(`input`,{type:`checkbox`,checked:x,onChange:e=>S(e.target.checked)}),(0,V.jsx)(t,{id:`QT+kLo`})]})]})}function W({kind:r,what:i,attribute:a,others:o,onClose:s,onDone:l}){let{_:u}=e(),{act:d,busy:f,problems:p}=j(),m=o.filter(e=>e.type===a.type),[g,v]=(0,N.useState)(a.name),[x,S]=(0,N.useState)(H.find(e=>e!==a.type)??`STRING`),[C,w]=(0,N.useState)(m[0]?.name??``),[E,P]=(0,N.useState)(!1),F=b(g.trim()),I={RENAME:F&&F!==a.name?{newName:F}:null,CONVERT:{toType:x},MERGE:C?{mergeInto:C}:null,DELETE:{delete:!0}}[i],[{data:L,error:R,fetching:U}]=c({query:z,variables:{kind:r,name:a.name,change:I??{}},pause:!I,requestPolicy:`network-only`}),W=I&&!U?L?.attributeChangePreview:null,G={RENAME:u({id:`0TnCvC`,values:{0:a.label}}),CONVERT:u({id:`npCmFy`,values:{0:a.label}}),MERGE:u({id:`uEsvOd`,values:{0:a.label}}),DELETE:u({id:`Y2tU6I`,values:{0:a.label}})};async function K(){I&&await d(B,{input:{kind:r,name:a.name,change:I,notConvertible:E?`CLEAR`:`REFUSE`}})&&(M(u({id:`PaJ4cY`})),l(),s())}return(0,V.jsxs)(k,{title:G[i],action:i===`DELETE`?(0,V.jsx)(t,{id:`IWMldH`}):(0,V.jsx)(t,{id:`o+XJ9D`}),busy:f||!I,problems:D(p,`newName`),onSubmit:()=>void K(),onClose:s,children:[i===`RENAME`&&(0,V.jsx)(T,{label:u({id:`6RS7qT`}),value:g,onChange:v,problems:p,name:`newName`,autoFocus:!0}),i===`CONVERT`&&(0,V.jsx)(O,{label:u({id:`tE/ugv`}),value:x,options:H.filter(e=>e!==a.type).map(e=>[e,y(e)]),onChange:S}),i===`MERGE`&&(m.length?(0,V.jsx)(O,{label:u({id:`b8PKL3`}),value:C,options:m.map(e=>[e.name,e.label]),onChange:w,hint:u({id:`g0njm8`})}):(0,V.jsx)(`p`,{children:(0,V.jsx)(t,{id:`BdulqT`})})),R&&I&&(0,V.jsx)(h,{error:R}),I&&U&&(0,V.jsx)(_,{rows:2}),W&&(0,V.jsxs)(`div`,{className:`stack tight`,children:[(0,V.jsxs)(`p`,{children:[(0,V.jsx)(t,{id:`Qc2F7u`,values:{0:W.memberCount}}),` `,(0,V.jsx)(t,{id:`FZrc0N`,values:{0:n(W.keptCount),1:n(W.lostCount)}})]}),W.warnings.map(e=>(0,V.jsx)(`p`,{className:`note warn`,children:e},e)),W.lostValues.length>0&&(0,V.jsx)(`ul`,{children:W.lostValues.slice(0,10).map(e=>(0,V.jsxs)(`li`,{children:[A(e.value),` `,(0,V.jsxs)(`span`,{className:`muted`,children:[`(`,n(e.count),`)`]})]},e.externalId))}),W.lostCount>0&&i===`CONVERT`&&(0,V.jsxs)(`label`,{className:`check`,children:[(0,V.jsx)(`input`,{type:`checkbox`,checked:E,onChange:e=>P(e.target.checked)}),(0,V.jsx)(t,{id:`yeD8Bi`})]}),(0,V.jsx)(`h3`,{children:W.uses.length?(0,V.jsx)(t,{id:`WXTd9/`}):(0,V.jsx)(t,{id:`kC3eAz`})}),(0,V.jsx)(`ul`,{className:`plain-list`,children:W.uses.map((e,t)=>(0,V.jsxs)(`li`,{children:[(0,V.jsxs)(`span`,{className:`grow`,children:[e.name,` `,(0,V.jsxs)(`span`,{className:`muted`,children:[`(`,y(e.type.toUpperCase()),`)`]})]}),e.memberCountBefore!=null&&(0,V.jsxs)(`span`,{className:`muted small`,children:[n(e.memberCountBefore),` → `,n(e.memberCountAfter)]}),e.problem&&(0,V.jsx)(`span`,{className:`wrong small`,children:e.problem})]},t))})]})]})}function G(){let{_:i}=e(),a=S(),[o,,s]=C(),l=w.includes(o(`kind`))?o(`kind`):`PERSON`,u=o(`search`).toLowerCase(),[{data:b,error:T,fetching:D},O]=c({query:P,variables:{kind:l}}),k=()=>O({requestPolicy:`network-only`}),[j,M]=(0,N.useState)(null);E(i({id:`5AQT3J`}));let F=b?.members.totalCount??0,I=(b?.criteriaFields??[]).filter(e=>`${e.name} ${e.label} ${e.description}`.toLowerCase().includes(u)),L=()=>M(null);return(0,V.jsxs)(V.Fragment,{children:[(0,V.jsx)(g,{title:(0,V.jsx)(t,{id:`5AQT3J`}),below:(0,V.jsx)(t,{id:`Kvq41b`}),children:x(a)&&(0,V.jsxs)(`button`,{type:`button`,className:`button primary`,onClick:()=>M({what:`new`}),children:[(0,V.jsx)(d,{name:`plus`}),(0,V.jsx)(t,{id:`ZOX3iJ`})]})}),(0,V.jsx)(p,{label:i({id:`yOsgGY`}),tabs:w.map(e=>({key:e,href:`/catalogue?kind=${e}`,text:y(e),current:e===l}))}),(0,V.jsxs)(`div`,{className:`row`,children:[(0,V.jsx)(f,{label:i({id:`HlY9X5`}),value:o(`search`),onChange:e=>s({search:e})},l),(0,V.jsx)(`span`,{className:`muted small`,role:`status`,children:b&&(0,V.jsx)(t,{id:`bzX3Dy`,values:{0:I.length}})})]}),T&&(0,V.jsx)(h,{error:T,again:k}),(0,V.jsxs)(m,{title:(0,V.jsx)(t,{id:`mSjQYg`}),bare:!0,children:[!b&&D&&(0,V.jsx)(`div`,{className:`body`,children:(0,V.jsx)(_,{})}),b&&(0,V.jsx)(`div`,{className:`scroll`,tabIndex:0,role:`region`,"aria-label":i({id:`mSjQYg`}),style:{maxHeight:`36rem`,overflow:`auto`},children:(0,V.jsxs)(`table`,{className:`wide`,children:[(0,V.jsx)(`thead`,{children:(0,V.jsxs)(`tr`,{children:[(0,V.jsx)(`th`,{children:(0,V.jsx)(t,{id:`6YtxFj`})}),(0,V.jsx)(`th`,{children:(0,V.jsx)(t,{id:`+zy2Nq`})}),(0,V.jsx)(`th`,{children:(0,V.jsx)(t,{id:`cWnSOd`})}),(0,V.jsx)(`th`,{children:(0,V.jsx)(t,{id:`HmI5oK`})}),(0,V.jsx)(`th`,{children:(0,V.jsx)(t,{id:`gZn8DL`})}),(0,V.jsx)(`th`,{children:(0,V.jsx)(`span`,{className:`hidden-text`,children:(0,V.jsx)(t,{id:`7L01XJ`})})})]})}),(0,V.jsx)(`tbody`,{children:I.map(e=>(0,V.jsxs)(`tr`,{children:[(0,V.jsxs)(`td`,{children:[(0,V.jsx)(`strong`,{children:e.label}),` `,(0,V.jsx)(`code`,{className:`muted`,children:e.name}),(0,V.jsx)(`div`,{className:`muted small`,children:e.description})]}),(0,V.jsx)(`td`,{children:y(e.type)}),(0,V.jsx)(`td`,{children:e.memberCount==null?`–`:(0,V.jsxs)(V.Fragment,{children:[(0,V.jsx)(`span`,{className:`bar`,style:{display:`block`},"aria-hidden":`true`,children:(0,V.jsx)(`i`,{style:{width:`${F?100*e.memberCount/F:0}%`}})}),(0,V.jsxs)(`span`,{className:`small muted`,children:[n(e.memberCount),` (`,r(F?e.memberCount/F:0),`)`]})]})}),(0,V.jsx)(`td`,{className:`small`,children:A(e.example)}),(0,V.jsx)(`td`,{children:(0,V.jsxs)(`div`,{className:`chips`,children:[e.isPersonal&&(0,V.jsx)(`span`,{className:`badge warn`,children:(0,V.jsx)(t,{id:`sY0kuc`})}),e.hidden&&(0,V.jsx)(`span`,{className:`badge`,children:(0,V.jsx)(t,{id:`zNCBmf`})}),!e.isCustom&&(0,V.jsx)(`span`,{className:`badge`,children:(0,V.jsx)(t,{id:`Z/NtXb`})})]})}),(0,V.jsx)(`td`,{children:e.isCustom&&x(a)&&(0,V.jsx)(v,{label:i({id:`RlLl3G`,values:{0:e.label}}),actions:[{key:`edit`,label:i({id:`QW5wdB`}),run:()=>M({what:`edit`,attribute:e})},{key:`rename`,label:i({id:`2wxgft`}),run:()=>M({what:`RENAME`,attribute:e})},{key:`type`,label:i({id:`r7MtHQ`}),run:()=>M({what:`CONVERT`,attribute:e})},{key:`merge`,label:i({id:`Kifz+r`}),run:()=>M({what:`MERGE`,attribute:e})},{key:`delete`,label:i({id:`cnGeoo`}),danger:!0,run:()=>M({what:`DELETE`,attribute:e})}]})})]},e.name))})]})})]}),(0,V.jsxs)(`div`,{className:`halves`,children:[(0,V.jsx)(K,{kind:l}),(0,V.jsx)(q,{kind:l})]}),(j?.what===`new`||j?.what===`edit`)&&(0,V.jsx)(U,{kind:l,...j.attribute&&{attribute:j.attribute},onClose:L,onDone:k}),j&&j.what!==`new`&&j.what!==`edit`&&j.attribute&&(0,V.jsx)(W,{kind:l,what:j.what,attribute:j.attribute,others:(b?.criteriaFields??[]).filter(e=>e.isCustom&&e.name!==j.attribute?.name),onClose:L,onDone:k})]})}function K({kind:e}){let[{data:r,error:a,fetching:o}]=c({query:F,variables:{kind:e}});return(0,V.jsxs)(m,{title:(0,V.jsx)(t,{id:`tst44n`}),bare:!0,children:[a&&(0,V.jsx)(h,{error:a}),!r&&o&&(0,V.jsx)(`div`,{className:`body`,children:(0,V.jsx)(_,{rows:2})}),r?.eventNames.length===0&&(0,V.jsx)(`p`,{className:`body muted`,children:(0,V.jsx)(t,{id:`Ag0TGB`})}),(0,V.jsx)(`ul`,{className:`plain-list`,children:r?.eventNames.map(e=>(0,V.jsxs)(`li`,{children:[(0,V.jsxs)(`div`,{className:`grow`,children:[(0,V.jsx)(`strong`,{children:e.name}),e.properties.length>0&&(0,V.jsxs)(`details`,{className:`small`,children:[(0,V.jsx)(`summary`,{children:(0,V.jsx)(t,{id:`nYKkmi`,values:{0:e.properties.length}})}),(0,V.jsx)(`ul`,{children:e.properties.map(e=>(0,V.jsxs)(`li`,{children:[e.name,` `,(0,V.jsxs)(`span`,{className:`muted`,children:[`(`,y(e.type),e.examples.length>0&&`: ${e.examples.slice(0,3).join(`, `)}`,`)`]})]},e.name))})]})]}),(0,V.jsxs)(`span`,{className:`muted small`,children:[n(e.count),`, `,i(e.lastAt)]})]},e.name))})]})}function q({kind:e}){let[{data:r,error:i}]=c({query:I,variables:{kind:e}});return(0,V.jsxs)(m,{title:(0,V.jsx)(t,{id:`OYHzN1`}),children:[i&&(0,V.jsx)(h,{error:i}),r?.valueSuggestions.length===0&&(0,V.jsx)(`p`,{className:`muted`,children:(0,V.jsx)(t,{id:`OoNU9s`})}),(0,V.jsx)(`div`,{className:`chips`,children:r?.valueSuggestions.map(t=>(0,V.jsxs)(u,{className:`badge`,href:`/members?kind=${e}&where=${encodeURIComponent(`tags HAS ANY ('${String(t.value).replaceAll(`'`,`''`)}')`)}`,children:[String(t.value),` `,n(t.count)]},String(t.value)))})]})}export{G as default};