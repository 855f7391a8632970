/* empty css                */import{h as e,m as t,r as n}from"./format-B-3hrhDS.js";import{n as r,o as i,t as a}from"./react-DgRzD9U8.js";import{i as o,r as s,t as c}from"./gql-h6yu-1fa.js";import{E as l,c as u,d,h as f,i as p,l as m,m as h}from"./parts-CrcGomB7.js";import{a as g,o as ee}from"./viewer-D4x_pclA.js";import{c as _,d as v,n as y}from"./editing-Bf7OLMNt.js";import{r as b}from"./toasts-CFiwKVg3.js";import{n as x,t as S}from"./drop-BoNPzX2L.js";import{n as te,r as C,t as w}from"./reading-Cjpufdyd.js";var T=i(a(),1),E=r(),ne=c(`
  mutation ImportReport($input: ImportCampaignMetricsInput!) {
    importCampaignMetrics(input: $input) {
      read
      written
      unchanged
      summed
      ignored
      failed
      warned
      repeated
      sumsEqualKeys
      skipLines
      campaignCount
      ignoredLines
      mapping {
        column
        field
      }
      columns {
        name
        field
        samples
        interpreted
        reading
        ambiguities {
          setting
          options
          message
        }
      }
      campaigns {
        name
        adSet
        rows
        basis
        leftOut
        problem
        campaign {
          id
          name
        }
        segment {
          id
          name
        }
      }
      rowErrors {
        index
        code
        message
        path
      }
      errors {
        ...Wrong
      }
    }
  }
`),re=c(`
  query ReportCampaigns {
    campaigns(first: 500) {
      nodes {
        id
        name
        segments {
          id
          name
        }
      }
    }
  }
`),ie=[`campaign`,`adSet`,`segment`,`day`,`periodStart`,`periodEnd`,`spend`,`impressions`,`clicks`,`conversions`,`currency`],D=`-`,O=e=>`${e.name}\0${e.adSet??``}`;function k(){let{_:r}=e(),i=ee(),a=s(),[{data:c,error:d}]=o({query:re}),[k,j]=(0,T.useState)(null),[M,N]=(0,T.useState)(null),[P,F]=(0,T.useState)([]),[I,L]=(0,T.useState)(!1),[R,z]=(0,T.useState)(!1),[B,V]=(0,T.useState)(!1),[H,U]=(0,T.useState)({}),[W,G]=(0,T.useState)({}),[K,q]=(0,T.useState)({}),[J,ae]=(0,T.useState)(``),[Y,oe]=(0,T.useState)(``),[X,se]=(0,T.useState)(``);v(r({id:`4cwPk4`}));let Z=c?.campaigns.nodes??[];async function Q(e,t,n=!1){V(!0);let i=Object.entries(W).map(([e,t])=>({column:e,...t})),o=M&&Object.keys(H).length?M.columns.flatMap(e=>{let t=H[e.name]??e.field;return t?[{column:e.name,field:t}]:[]}):[],s=await a.mutation(ne,{input:{file:e,dryRun:t,...!n&&{...o.length&&{mapping:o},...i.length&&{columns:i},...Object.keys(K).length&&{campaigns:Object.values(K)},...J&&{day:J},...Y.trim()&&{currency:Y.trim().toUpperCase()},...X&&{sumEqualKeys:X===`yes`}}}}).toPromise();V(!1);let c=s.data?.importCampaignMetrics;if(F(c?c.errors:[{code:`NETWORK`,message:s.error?.graphQLErrors[0]?.message??s.error?.message??``}]),!c)return;N(c),z(!1);let l=!t&&c.errors.length===0;L(l),l&&b(r({id:`svFhb4`,values:{0:c.written}}))}function ce(e){j(e),N(null),U({}),G({}),q({}),L(!1),Q(e,!0,!0)}let $=e=>t=>{e(t),z(!0),L(!1)};return g(i)?(0,E.jsxs)(E.Fragment,{children:[(0,E.jsx)(h,{title:(0,E.jsx)(t,{id:`4cwPk4`}),below:(0,E.jsx)(t,{id:`+w4TFo`}),children:(0,E.jsx)(l,{href:`/imports`,className:`button`,children:(0,E.jsx)(t,{id:`9hi1mK`})})}),d&&(0,E.jsx)(m,{error:d}),(0,E.jsx)(f,{of:P}),P.length>0&&!M?.columns.length&&(0,E.jsx)(x,{}),(!k||I||!B&&!M?.columns.length)&&(0,E.jsx)(S,{busy:B,onFile:ce,hint:(0,E.jsx)(t,{id:`wNkO9j`})}),M&&M.columns.length>0&&(0,E.jsxs)(E.Fragment,{children:[(0,E.jsx)(p,{title:I?(0,E.jsx)(t,{id:`/JvwXF`}):(0,E.jsx)(t,{id:`a5gr0t`}),side:(0,E.jsxs)(`span`,{className:`muted small`,children:[k?.name,` · `,(0,E.jsx)(t,{id:`0yQBai`,values:{0:M.read}})]}),children:(0,E.jsxs)(`div`,{className:`stack`,children:[(0,E.jsx)(A,{of:M,isDone:I}),!I&&(0,E.jsxs)(`div`,{className:`row`,children:[(0,E.jsx)(`button`,{type:`button`,className:`button`,disabled:B,onClick:()=>k&&void Q(k,!0),children:B?(0,E.jsx)(t,{id:`iKvAeG`}):(0,E.jsx)(t,{id:`Bloatr`})}),(0,E.jsx)(`button`,{type:`button`,className:`button primary`,disabled:B||P.length>0&&!R,onClick:()=>k&&void Q(k,!1),children:(0,E.jsx)(t,{id:`/Ye4Py`})}),(0,E.jsx)(`button`,{type:`button`,className:`button plain`,onClick:()=>{j(null),N(null),F([])},children:(0,E.jsx)(t,{id:`PEzWFx`})}),R&&(0,E.jsx)(`span`,{className:`muted small`,children:(0,E.jsx)(t,{id:`gPLLs2`})})]})]})}),M.rowErrors.length>0&&(0,E.jsx)(p,{title:(0,E.jsx)(t,{id:`fUooDe`}),bare:!0,children:(0,E.jsx)(`div`,{className:`rejects`,tabIndex:0,role:`group`,"aria-label":r({id:`fUooDe`}),children:(0,E.jsxs)(`table`,{children:[(0,E.jsx)(`thead`,{children:(0,E.jsxs)(`tr`,{children:[(0,E.jsx)(`th`,{style:{width:`5rem`},children:(0,E.jsx)(t,{id:`rjuFFw`})}),(0,E.jsx)(`th`,{children:(0,E.jsx)(t,{id:`VJScHU`})})]})}),(0,E.jsx)(`tbody`,{children:M.rowErrors.map((e,t)=>(0,E.jsxs)(`tr`,{children:[(0,E.jsx)(`td`,{children:e.index}),(0,E.jsx)(`td`,{className:`reason`,children:e.message})]},t))})]})})}),!I&&(0,E.jsxs)(E.Fragment,{children:[M.campaigns.length>0&&(0,E.jsx)(p,{title:(0,E.jsx)(t,{id:`ZyQhTI`}),side:(0,E.jsx)(`span`,{className:`muted small`,children:(0,E.jsx)(t,{id:`335YWV`})}),bare:!0,children:(0,E.jsx)(`div`,{className:`scroll`,tabIndex:0,role:`group`,"aria-label":r({id:`ZyQhTI`}),children:(0,E.jsxs)(`table`,{className:`mapping`,children:[(0,E.jsx)(`thead`,{children:(0,E.jsxs)(`tr`,{children:[(0,E.jsx)(`th`,{children:(0,E.jsx)(t,{id:`HQUCUW`})}),(0,E.jsx)(`th`,{className:`number`,children:(0,E.jsx)(t,{id:`hL5+/P`})}),(0,E.jsx)(`th`,{children:(0,E.jsx)(t,{id:`D02dD9`})}),(0,E.jsx)(`th`,{children:(0,E.jsx)(t,{id:`RqGEko`})})]})}),(0,E.jsx)(`tbody`,{children:M.campaigns.map(e=>{let t=K[O(e)],i=t?t.leaveOut?D:t.campaignId??``:e.leftOut?D:e.campaign?.id??``,a=Z.find(e=>e.id===i)?.segments??[],o=e.adSet?`${e.name} / ${e.adSet}`:e.name,s=t=>$(q)({...K,[O(e)]:{name:e.name,...e.adSet&&{adSet:e.adSet},...t}});return(0,E.jsxs)(`tr`,{"data-open":e.problem&&!t?``:void 0,children:[(0,E.jsxs)(`td`,{className:`column`,children:[o,e.problem&&!t&&(0,E.jsx)(`div`,{className:`small wrong`,style:{fontWeight:400},children:e.problem})]}),(0,E.jsx)(`td`,{className:`number`,children:n(e.rows)}),(0,E.jsx)(`td`,{children:(0,E.jsxs)(`div`,{className:`target`,children:[(0,E.jsxs)(`select`,{"aria-label":r({id:`LpCk6I`,values:{name:o}}),value:i,onChange:e=>s(e.target.value===D?{leaveOut:!0}:e.target.value?{campaignId:e.target.value}:{forget:!0}),children:[(0,E.jsx)(`option`,{value:``,children:r({id:`rgktR9`})}),(0,E.jsx)(`option`,{value:D,children:r({id:`Km6ytA`})}),Z.map(e=>(0,E.jsx)(`option`,{value:e.id,children:e.name},e.id))]}),!t&&e.basis!==`NOTHING`&&(0,E.jsx)(`span`,{className:`muted small`,children:{CHOSEN:r({id:`7OkxrB`}),KEPT:r({id:`jxTxJz`}),SAME_NAME:r({id:`ILmGV5`})}[e.basis]})]})}),(0,E.jsx)(`td`,{children:a.length>1?(0,E.jsxs)(`select`,{"aria-label":r({id:`9jMAHX`,values:{name:o}}),value:t?.segmentId??e.segment?.id??``,onChange:e=>s({campaignId:i,segmentId:e.target.value||null}),children:[(0,E.jsx)(`option`,{value:``,children:r({id:`ikpUXc`})}),a.map(e=>(0,E.jsx)(`option`,{value:e.id,children:e.name},e.id))]}):a[0]?.name??e.segment?.name??`–`})]},O(e))})})]})})}),(0,E.jsx)(p,{title:(0,E.jsx)(t,{id:`OZY+6x`}),side:M.skipLines>0&&(0,E.jsx)(`span`,{className:`muted small`,children:(0,E.jsx)(t,{id:`dq6S2p`,values:{0:M.skipLines}})}),bare:!0,children:(0,E.jsx)(`div`,{className:`scroll`,tabIndex:0,role:`group`,"aria-label":r({id:`OZY+6x`}),children:(0,E.jsxs)(`table`,{className:`mapping`,children:[(0,E.jsx)(`thead`,{children:(0,E.jsxs)(`tr`,{children:[(0,E.jsx)(`th`,{children:(0,E.jsx)(t,{id:`WtgDbl`})}),(0,E.jsx)(`th`,{children:(0,E.jsx)(t,{id:`Nt9uPS`})}),(0,E.jsx)(`th`,{children:(0,E.jsx)(t,{id:`UtMmPO`})})]})}),(0,E.jsx)(`tbody`,{children:M.columns.map(e=>{let t=H[e.name]??e.field??``;return(0,E.jsxs)(`tr`,{"data-open":e.ambiguities.length&&!W[e.name]?``:void 0,children:[(0,E.jsx)(`td`,{className:`column`,children:e.name}),(0,E.jsx)(`td`,{children:(0,E.jsxs)(`div`,{className:`target`,children:[(0,E.jsxs)(`select`,{"aria-label":r({id:`ytosn3`,values:{0:e.name}}),value:t,onChange:t=>$(U)({...H,[e.name]:t.target.value}),children:[(0,E.jsx)(`option`,{value:``,children:r({id:`HJ/dLP`})}),ie.map(e=>(0,E.jsx)(`option`,{value:e,children:C(e)},e))]}),t&&e.ambiguities.length>0&&(0,E.jsx)(w,{column:e.name,field:t,type:`STRING`,known:e.reading,ambiguities:e.ambiguities,value:W[e.name]??{},onChange:t=>$(G)({...W,[e.name]:t})})]})}),(0,E.jsx)(`td`,{className:`samples`,children:(0,E.jsx)(te,{before:e.samples,after:e.field?e.interpreted:null})})]},e.name)})})]})})}),(0,E.jsx)(p,{title:(0,E.jsx)(t,{id:`FVtA13`}),children:(0,E.jsxs)(`div`,{className:`pair`,children:[(0,E.jsx)(_,{label:r({id:`UqVNnk`}),type:`date`,hint:r({id:`sWyHsc`}),value:J,onChange:$(ae),problems:P,name:`day`}),(0,E.jsx)(_,{label:r({id:`BYBBOr`}),hint:r({id:`aMPY5+`,values:{0:i.workspace.currency}}),value:Y,onChange:$(oe),problems:P,name:`currency`}),(0,E.jsx)(y,{label:r({id:`WSnYda`}),value:X,options:[[``,M.sumsEqualKeys?r({id:`aOHOyi`}):r({id:`mLW29P`})],[`yes`,r({id:`nOSTlo`})],[`no`,r({id:`zi5uEm`})]],onChange:$(se)})]})})]})]})]}):(0,E.jsx)(u,{title:(0,E.jsx)(t,{id:`QqghUD`})})}function A({of:r,isDone:i}){let{_:a}=e(),o=[{n:r.written,tone:`good`,text:a(i?{id:`VM19Xt`}:{id:`bOG5H8`})},{n:r.summed,tone:`good`,text:a({id:`Salgvf`})},{n:r.unchanged,tone:`same`,text:a({id:`ydaFld`})},{n:r.ignored,tone:`warn`,text:a({id:`HFvDCz`})},{n:r.failed,tone:`bad`,text:a({id:`Se3NxK`})}],s=r.read||1;return(0,E.jsxs)(E.Fragment,{children:[(0,E.jsx)(`div`,{className:`account`,role:`img`,"aria-label":o.map(e=>`${e.text}: ${e.n}`).join(`, `),children:o.map(e=>e.n>0&&(0,E.jsx)(`i`,{className:e.tone,style:{width:`${100*e.n/s}%`}},e.text))}),(0,E.jsx)(`div`,{className:`figures small-figures`,children:o.map(e=>(0,E.jsx)(d,{label:e.text,children:n(e.n)},e.text))}),r.warned>0&&(0,E.jsx)(`p`,{children:(0,E.jsx)(t,{id:`JO54kG`,values:{0:r.warned}})}),r.repeated>0&&(0,E.jsx)(`p`,{className:`muted`,children:(0,E.jsx)(t,{id:`Nd6/hq`,values:{0:r.repeated}})})]})}export{k as default};