/* empty css                */import{a as e,h as t,m as n,r,t as i}from"./format-B-3hrhDS.js";import{n as a,o,t as s}from"./react-DgRzD9U8.js";import{i as c,r as l,t as u}from"./gql-h6yu-1fa.js";import{E as d,T as f,c as p,g as m,h,i as g,j as _,l as v,m as y,p as b,s as x,w as S,y as C}from"./parts-CrcGomB7.js";import{t as w}from"./pages-CX7xCkhq.js";import{o as T}from"./segments-BKvKhJww.js";import{a as E,i as D,o as O}from"./viewer-D4x_pclA.js";import{a as k,c as A,d as j,n as M,s as N}from"./editing-Bf7OLMNt.js";import{r as P}from"./toasts-CFiwKVg3.js";import{t as F}from"./url-mtI_wMPf.js";import{t as I}from"./acts-CTvrMCxA.js";import{n as L,t as R}from"./drop-BoNPzX2L.js";var z=o(s(),1),B=a(),V=u(`
  query Imports($first: Int!, $after: String) {
    imports(first: $first, after: $after) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        id
        status
        content
        kind
        fileName
        dryRun
        progress
        createdAt
        read
        failed
        partial
        duplicate
        ignored
        segment {
          id
          name
        }
      }
    }
  }
`),H=u(`
  query ImportTemplates {
    importTemplates(first: 100) {
      nodes {
        id
        kind
        fileName
        uses
        usedAt
        columns
        mapping {
          column
          field
        }
      }
    }
  }
`),U=u(`
  mutation DeleteImportTemplate($input: ImportTemplateIdInput!) {
    deleteImportTemplate(input: $input) {
      deletedId
      errors {
        ...Wrong
      }
    }
  }
`),W=u(`
  query ImportTarget($id: ID!) {
    segment(id: $id) {
      id
      name
      kind
      type
    }
  }
`),G=u(`
  mutation CreateImport($input: CreateImportInput!) {
    createImport(input: $input) {
      import {
        id
      }
      errors {
        ...Wrong
      }
    }
  }
`),K=[`MEMBERS`,`EVENTS`,`ORDERS`,`RELATIONS`,`SUPPRESSIONS`];function q(){let{_:e}=t(),r=O();return j(e({id:`02i3WU`})),(0,B.jsxs)(B.Fragment,{children:[(0,B.jsx)(y,{title:(0,B.jsx)(n,{id:`02i3WU`}),below:(0,B.jsx)(n,{id:`XMvfXP`})}),E(r)&&(0,B.jsx)(J,{}),(0,B.jsx)(Y,{}),(0,B.jsx)(X,{})]})}function J(){let{_:e}=t(),r=O(),i=l(),[,a]=_(),[o,,s]=F(),u=K.includes(o(`content`))?o(`content`):`MEMBERS`,d=o(`segment`),[{data:f}]=c({query:W,variables:{id:d},pause:!d}),p=d?f?.segment:null,m=p?.kind??(k.includes(o(`kind`))?o(`kind`):`PERSON`),[v,y]=(0,z.useState)(`add`),[b,x]=(0,z.useState)(``),[C,w]=(0,z.useState)(``),[E,j]=(0,z.useState)(!1),[P,I]=(0,z.useState)([]),[V,H]=(0,z.useState)(``),U=p?[p]:[],q={MEMBERS:e({id:`QOokJq`}),EVENTS:e({id:`l5CdXU`}),ORDERS:e({id:`KKBjae`}),RELATIONS:e({id:`HIZ1eO`}),SUPPRESSIONS:e({id:`OWezKR`})},J=K.filter(e=>e!==`SUPPRESSIONS`||D(r,`SUPPRESS_ADDRESSES`));async function Y(e){j(!0),I([]),H(e.name);let t=u===`MEMBERS`&&p,n=await i.mutation(G,{input:{file:e,content:u,kind:u===`SUPPRESSIONS`?`PERSON`:m,...t&&{segmentId:p.id,replace:v===`replace`},...(t||u===`RELATIONS`)&&{remove:v===`remove`},...b&&{hasHeader:b===`yes`},...C.trim()&&{encoding:C.trim()}}}).toPromise();j(!1);let r=T(n,e=>e.createImport);I(r);let o=n.data?.createImport.import?.id;o&&!r.length&&a(`/imports/${o}`)}return(0,B.jsx)(g,{title:(0,B.jsx)(n,{id:`WYwN1G`}),children:(0,B.jsxs)(`div`,{className:`stack`,children:[(0,B.jsxs)(`fieldset`,{className:`contents`,children:[(0,B.jsx)(`legend`,{className:`label`,children:(0,B.jsx)(n,{id:`CwuAoO`})}),J.map(e=>(0,B.jsxs)(`label`,{children:[(0,B.jsx)(`input`,{type:`radio`,name:`content`,checked:u===e,onChange:()=>s({content:e,...e!==`MEMBERS`&&{segment:``}})}),(0,B.jsx)(`strong`,{children:S(e)}),(0,B.jsx)(`span`,{className:`muted small`,children:q[e]})]},e)),(0,B.jsxs)(`label`,{children:[(0,B.jsx)(`input`,{type:`radio`,name:`content`,checked:!1,onChange:()=>a(`/imports/report`)}),(0,B.jsx)(`strong`,{children:(0,B.jsx)(n,{id:`4cwPk4`})}),(0,B.jsx)(`span`,{className:`muted small`,children:(0,B.jsx)(n,{id:`sEmWTV`})})]})]}),u!==`SUPPRESSIONS`&&(0,B.jsxs)(`div`,{className:`pair form-page`,children:[(0,B.jsx)(M,{label:e(u===`MEMBERS`?{id:`W17d7T`}:{id:`IBzoSY`}),value:m,options:k.map(e=>[e,S(e)]),onChange:e=>s({kind:e,segment:``}),hint:p?e({id:`2Dvq99`}):void 0}),u===`RELATIONS`&&(0,B.jsx)(M,{label:e({id:`15IqLQ`}),value:v===`remove`?`remove`:`add`,options:[[`add`,e({id:`GPUjy8`})],[`remove`,e({id:`L8MreX`})]],onChange:y}),u===`MEMBERS`&&p&&(0,B.jsx)(M,{label:e({id:`15Qqe2`,values:{0:p.name}}),value:v,options:[[`add`,e({id:`WEvu63`})],[`replace`,e({id:`jVpCEv`})],[`remove`,e({id:`lc0GOh`})]],onChange:y})]}),u===`MEMBERS`&&(0,B.jsxs)(`details`,{open:!!d,children:[(0,B.jsxs)(`summary`,{children:[(0,B.jsx)(n,{id:`hN1Lll`}),p&&(0,B.jsxs)(B.Fragment,{children:[`: `,(0,B.jsx)(`strong`,{children:p.name})]})]}),(0,B.jsxs)(`div`,{style:{marginTop:`0.6rem`,maxWidth:`34rem`},children:[p?.type===`DYNAMIC`&&(0,B.jsx)(`p`,{className:`note warn`,children:(0,B.jsx)(n,{id:`v+4P4R`})}),(0,B.jsx)(N,{legend:e({id:`eX9yMV`}),kind:m,chosen:U,most:1,onChange:e=>s({segment:e.at(-1)?.id??``})})]})]}),(0,B.jsxs)(`details`,{children:[(0,B.jsx)(`summary`,{children:(0,B.jsx)(n,{id:`LLLgiT`})}),(0,B.jsxs)(`div`,{className:`pair`,style:{marginTop:`0.6rem`},children:[(0,B.jsx)(M,{label:e({id:`rmi4g4`}),value:b,options:[[``,e({id:`XM2zpu`})],[`yes`,e({id:`6QzsY4`})],[`no`,e({id:`/BGan6`})]],onChange:x}),(0,B.jsx)(A,{label:e({id:`o0XA5y`}),hint:e({id:`jckAfT`}),value:C,onChange:w,problems:P,name:`encoding`})]})]}),P.length>0&&(0,B.jsxs)(`div`,{className:`stack tight`,children:[V&&(0,B.jsx)(`p`,{children:e({id:`3ub6IW`,values:{name:V}})}),(0,B.jsx)(h,{of:P}),(0,B.jsx)(L,{})]}),(0,B.jsx)(R,{busy:E,onFile:e=>void Y(e),hint:(0,B.jsx)(n,{id:`uBC0En`})})]})})}function Y(){let{_:a}=t(),o=w(V,{first:20},e=>e.imports,{refreshedBy:[`IMPORT_FINISHED`]});return(0,B.jsxs)(g,{title:(0,B.jsx)(n,{id:`h6mOQu`}),bare:!0,side:o.totalCount!=null&&(0,B.jsx)(`span`,{className:`muted small`,children:(0,B.jsx)(n,{id:`H4Pnm3`,values:{0:o.totalCount}})}),children:[o.error&&(0,B.jsx)(v,{error:o.error,again:o.again}),o.rows.length>0?(0,B.jsxs)(`div`,{className:`scroll`,tabIndex:0,role:`group`,"aria-label":a({id:`h6mOQu`}),children:[(0,B.jsxs)(`table`,{children:[(0,B.jsx)(`thead`,{children:(0,B.jsxs)(`tr`,{children:[(0,B.jsx)(`th`,{children:(0,B.jsx)(n,{id:`J2eKUI`})}),(0,B.jsx)(`th`,{children:(0,B.jsx)(n,{id:`4b3oEV`})}),(0,B.jsx)(`th`,{children:(0,B.jsx)(n,{id:`uAQUqI`})}),(0,B.jsx)(`th`,{className:`number`,children:(0,B.jsx)(n,{id:`hL5+/P`})}),(0,B.jsx)(`th`,{className:`number`,children:(0,B.jsx)(n,{id:`t1g3oZ`})}),(0,B.jsx)(`th`,{children:(0,B.jsx)(n,{id:`b8PKL3`})}),(0,B.jsx)(`th`,{className:`number`,children:(0,B.jsx)(n,{id:`1ZF9KQ`})})]})}),(0,B.jsx)(`tbody`,{children:o.rows.map(t=>(0,B.jsxs)(`tr`,{children:[(0,B.jsx)(`td`,{className:`named`,children:(0,B.jsx)(d,{href:`/imports/${t.id}`,children:t.fileName})}),(0,B.jsxs)(`td`,{className:`short`,children:[S(t.content),t.content!==`SUPPRESSIONS`&&(0,B.jsxs)(`span`,{className:`muted`,children:[` · `,S(t.kind)]})]}),(0,B.jsxs)(`td`,{children:[(0,B.jsx)(C,{of:t.status}),t.status===`RUNNING`&&(0,B.jsx)(m,{value:t.progress,label:a({id:`Cx1bwQ`,values:{0:t.fileName}})}),t.dryRun&&(0,B.jsxs)(B.Fragment,{children:[` `,(0,B.jsx)(`span`,{className:`badge`,children:(0,B.jsx)(n,{id:`pPbZ1m`})})]})]}),(0,B.jsx)(`td`,{className:`number`,children:r(t.read)}),(0,B.jsx)(`td`,{className:`number`,children:r(t.failed+t.duplicate+t.ignored)}),(0,B.jsx)(`td`,{children:t.segment?(0,B.jsx)(d,{href:`/segments/${t.segment.id}`,children:t.segment.name}):`–`}),(0,B.jsx)(`td`,{className:`number`,title:e(t.createdAt),children:i(t.createdAt)})]},t.id))})]}),o.hasMore&&(0,B.jsx)(`div`,{className:`body`,style:{padding:`0.75rem`},children:(0,B.jsx)(`button`,{type:`button`,className:`button small`,onClick:o.more,children:(0,B.jsx)(n,{id:`fMPkxb`})})})]}):o.isFetching?(0,B.jsx)(`div`,{className:`body`,children:(0,B.jsx)(b,{})}):!o.error&&(0,B.jsx)(p,{title:(0,B.jsx)(n,{id:`67nUiW`}),children:(0,B.jsx)(`p`,{children:(0,B.jsx)(n,{id:`IXMSrT`})})})]})}function X(){let{_:e}=t(),r=O(),{act:a,problems:o}=I(),[{data:s,error:l},u]=c({query:H}),[d,p]=(0,z.useState)(null),m=s?.importTemplates.nodes??[];return l&&!s?(0,B.jsx)(v,{error:l,again:()=>u({requestPolicy:`network-only`})}):m.length?(0,B.jsxs)(g,{title:(0,B.jsx)(n,{id:`sLIK9p`}),side:(0,B.jsx)(`span`,{className:`muted small`,children:(0,B.jsx)(n,{id:`W/FX6U`})}),bare:!0,children:[(0,B.jsx)(`ul`,{className:`plain-list`,children:m.map(t=>(0,B.jsxs)(`li`,{children:[(0,B.jsxs)(`details`,{className:`grow`,children:[(0,B.jsxs)(`summary`,{children:[t.fileName,` `,(0,B.jsxs)(`span`,{className:`muted`,children:[`· `,S(t.kind),` · `,(0,B.jsx)(n,{id:`Ewhz1Y`,values:{0:t.columns.length}}),` · `,(0,B.jsx)(n,{id:`fjxVGy`,values:{0:t.uses}})]})]}),(0,B.jsx)(`ul`,{children:t.mapping.map(e=>(0,B.jsxs)(`li`,{children:[e.column,` → `,(0,B.jsx)(`code`,{children:e.field})]},e.column+e.field))})]}),(0,B.jsx)(`span`,{className:`muted small`,children:i(t.usedAt)}),E(r)&&(0,B.jsx)(`button`,{type:`button`,className:`button small plain icon`,"aria-label":e({id:`tqrS5S`,values:{0:t.fileName}}),onClick:()=>p(t),children:(0,B.jsx)(f,{name:`trash`})})]},t.id))}),d&&(0,B.jsx)(x,{title:e({id:`tqrS5S`,values:{0:d.fileName}}),action:(0,B.jsx)(n,{id:`pJevbL`}),danger:!0,problems:o,onClose:()=>p(null),onConfirm:async()=>await a(U,{input:{id:d.id}})?(P(e({id:`KixAFU`})),u({requestPolicy:`network-only`}),!0):!1,children:(0,B.jsx)(`p`,{children:(0,B.jsx)(n,{id:`hBmdsW`})})})]}):null}export{q as default};