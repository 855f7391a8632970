import{o as e,t}from"./react-DgRzD9U8.js";import{r as n,t as r}from"./gql-h6yu-1fa.js";var i=e(t(),1);r(`
  fragment Wrong on UserError {
    code
    message
    path
  }
`);function a(){let e=n(),[t,r]=(0,i.useState)([]),[a,o]=(0,i.useState)(!1);return{act:(0,i.useCallback)(async(t,n)=>{o(!0);let i=await e.mutation(t,n).toPromise();o(!1);let a=i.data?Object.values(i.data).find(e=>typeof e==`object`&&!!e):void 0,s=i.error?.graphQLErrors[0]?.message??i.error?.message??``,c=a?a.errors:[{code:`NETWORK`,message:s}];return r(c),a&&c.length===0?a:null},[e]),busy:a,problems:t,setProblems:r}}export{a as t};