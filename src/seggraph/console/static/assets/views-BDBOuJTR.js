import{h as e,m as t}from"./format-B-3hrhDS.js";import{n,o as r,t as i}from"./react-DgRzD9U8.js";import{i as a,t as o}from"./gql-h6yu-1fa.js";import{E as s,M as c,h as l,j as u,l as d,r as f}from"./parts-CrcGomB7.js";import{t as p}from"./acts-CTvrMCxA.js";import{a as m,o as h}from"./viewer-D4x_pclA.js";import{c as g,l as _,t as v}from"./editing-Bf7OLMNt.js";import{r as y}from"./toasts-CFiwKVg3.js";var b=r(i(),1),x=o(`
  query SavedViews($lists: [SavedViewList!]) {
    savedViews(lists: $lists, first: 200) {
      nodes {
        id
        name
        state
        isShared
        isMine
        createdBy {
          id
          name
        }
      }
    }
  }
`),S=o(`
  mutation CreateSavedView($input: CreateSavedViewInput!) {
    createSavedView(input: $input) {
      savedView {
        id
        name
      }
      errors {
        ...Wrong
      }
    }
  }
`),C=o(`
  mutation UpdateSavedView($input: UpdateSavedViewInput!) {
    updateSavedView(input: $input) {
      savedView {
        id
        name
        state
        isShared
      }
      errors {
        ...Wrong
      }
    }
  }
`),w=o(`
  mutation DeleteSavedView($input: SavedViewIdInput!) {
    deleteSavedView(input: $input) {
      deletedId
      errors {
        ...Wrong
      }
    }
  }
`),T=n();function E({list:n}){let{_:r}=e(),i=h(),[o]=u(),E=c(),[{data:D,error:O},k]=a({query:x,variables:{lists:[n]}}),{act:A,busy:j,problems:M,setProblems:N}=p(),[P,F]=(0,b.useState)(null),[I,L]=(0,b.useState)(!1),R=()=>k({requestPolicy:`network-only`}),z=m(i),B=async()=>{await A(S,{input:{list:n,name:P??``,state:E,isShared:I}})&&(y(r({id:`bLN4SS`})),F(null),R())};return(0,T.jsxs)(T.Fragment,{children:[(0,T.jsx)(f,{text:r({id:`1I6UoR`}),label:r({id:`1I6UoR`}),children:e=>(0,T.jsxs)(T.Fragment,{children:[O&&(0,T.jsx)(d,{error:O,again:R}),D?.savedViews.nodes.length===0&&(0,T.jsx)(`p`,{className:`muted small`,children:(0,T.jsx)(t,{id:`QP+HWN`})}),(0,T.jsx)(`ul`,{className:`plain-list`,children:D?.savedViews.nodes.map(n=>(0,T.jsxs)(`li`,{children:[(0,T.jsxs)(`span`,{className:`grow`,children:[(0,T.jsx)(s,{href:`${o}?${n.state}`,"aria-current":n.state===E?`page`:void 0,onClick:e,children:n.name}),` `,n.isShared&&(0,T.jsx)(`span`,{className:`badge`,children:n.isMine?r({id:`0Gd0NU`}):r({id:`lID4Ze`,values:{0:n.createdBy?.name??r({id:`o6IchH`})}})})]}),z&&n.isMine&&n.state!==E&&(0,T.jsx)(`button`,{type:`button`,className:`button small plain`,disabled:j,"aria-label":r({id:`Vy/ZHS`,values:{0:n.name}}),onClick:async()=>{await A(C,{input:{id:n.id,state:E}})&&R()},children:(0,T.jsx)(t,{id:`qmRE25`})}),z&&n.isMine&&(0,T.jsx)(`button`,{type:`button`,className:`button small plain`,disabled:j,"aria-label":r({id:`usWmku`,values:{0:n.name}}),onClick:async()=>{await A(w,{input:{id:n.id}})&&R()},children:(0,T.jsx)(t,{id:`cnGeoo`})})]},n.id))}),P===null&&(0,T.jsx)(l,{of:M}),z&&(0,T.jsx)(`button`,{type:`button`,className:`button small`,onClick:()=>{e(),N([]),L(!1),F(``)},children:(0,T.jsx)(t,{id:`FtqUnu`})})]})}),P!==null&&(0,T.jsxs)(v,{title:(0,T.jsx)(t,{id:`FtqUnu`}),action:(0,T.jsx)(t,{id:`tfDRzk`}),busy:j,problems:_(M,`name`),onClose:()=>F(null),onSubmit:()=>void B(),children:[(0,T.jsx)(g,{label:(0,T.jsx)(t,{id:`6YtxFj`}),value:P,onChange:F,problems:M,name:`name`,autoFocus:!0}),(0,T.jsxs)(`label`,{className:`check`,children:[(0,T.jsx)(`input`,{type:`checkbox`,checked:I,onChange:e=>L(e.target.checked)}),(0,T.jsx)(t,{id:`extsoq`})]})]})]})}export{E as t};