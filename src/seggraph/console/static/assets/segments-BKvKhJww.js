import{t as e}from"./gql-h6yu-1fa.js";var t=e(`
  query Usages($id: ID!) {
    segment(id: $id) {
      id
      name
      memberCount
      transitions
      usages {
        campaigns {
          id
          name
          status
          use
          holds
        }
        segments {
          id
          name
          status
          use
          holds
        }
        playbooks {
          id
          name
          status
          use
          holds
        }
        destinations {
          id
          name
          status
          use
          holds
        }
        hiddenCount
      }
    }
  }
`);e(`
  fragment SegmentOutcome on SegmentResult {
    id
    segment {
      ...LiveSegment
    }
    errors {
      ...Wrong
    }
  }
`);var n=e(`
  mutation ActivateSegments($input: SegmentIdsInput!) {
    activateSegments(input: $input) {
      results {
        ...SegmentOutcome
      }
      errors {
        ...Wrong
      }
    }
  }
`),r=e(`
  mutation RecalculateSegments($input: SegmentIdsInput!) {
    recalculateSegments(input: $input) {
      results {
        ...SegmentOutcome
      }
      errors {
        ...Wrong
      }
    }
  }
`),i=e(`
  mutation PauseSegments($input: SegmentIdsInput!) {
    pauseSegments(input: $input) {
      results {
        ...SegmentOutcome
      }
      errors {
        ...Wrong
      }
    }
  }
`),a=e(`
  mutation ResumeSegments($input: SegmentIdsInput!) {
    resumeSegments(input: $input) {
      results {
        ...SegmentOutcome
      }
      errors {
        ...Wrong
      }
    }
  }
`),o=e(`
  mutation ArchiveSegments($input: SegmentIdsInput!) {
    archiveSegments(input: $input) {
      results {
        ...SegmentOutcome
      }
      errors {
        ...Wrong
      }
    }
  }
`),s=e(`
  mutation UnarchiveSegments($input: SegmentIdsInput!) {
    unarchiveSegments(input: $input) {
      results {
        ...SegmentOutcome
      }
      errors {
        ...Wrong
      }
    }
  }
`),c=e(`
  mutation DeleteSegments($input: SegmentIdsInput!) {
    deleteSegments(input: $input) {
      results {
        ...SegmentOutcome
      }
      errors {
        ...Wrong
      }
    }
  }
`),l=e(`
  mutation CloneSegment($input: CloneSegmentInput!) {
    cloneSegment(input: $input) {
      segment {
        ...LiveSegment
      }
      errors {
        ...Wrong
      }
    }
  }
`),u=e(`
  mutation CreateExport($input: CreateExportInput!) {
    createExport(input: $input) {
      export {
        id
        status
      }
      errors {
        ...Wrong
      }
    }
  }
`),d=e(`
  query Export($id: ID!) {
    export(id: $id) {
      id
      status
      progress
      url
      error {
        message
      }
    }
  }
`),f=e(`
  subscription ExportEvents($id: ID!) {
    exportEvents(exportId: $id) {
      id
      status
      progress
      url
      error {
        message
      }
    }
  }
`),p={code:`NETWORK`,message:``},m=100;async function h(e,t,l){return g(l,async l=>{let u={ids:[...l]};switch(t){case`ACTIVATE`:return _(l,await e.mutation(n,{input:u}).toPromise(),e=>e.activateSegments);case`RECALCULATE`:return _(l,await e.mutation(r,{input:u}).toPromise(),e=>e.recalculateSegments);case`PAUSE`:return _(l,await e.mutation(i,{input:u}).toPromise(),e=>e.pauseSegments);case`RESUME`:return _(l,await e.mutation(a,{input:u}).toPromise(),e=>e.resumeSegments);case`ARCHIVE`:return _(l,await e.mutation(o,{input:u}).toPromise(),e=>e.archiveSegments);case`UNARCHIVE`:return _(l,await e.mutation(s,{input:u}).toPromise(),e=>e.unarchiveSegments);case`DELETE`:return _(l,await e.mutation(c,{input:u}).toPromise(),e=>e.deleteSegments)}})}async function g(e,t){let n=[];for(let r=0;r<e.length;r+=m)n.push(...await t(e.slice(r,r+m)));return n}function _(e,t,n){let r=v(t,n);return r.length||!t.data?e.map(e=>({id:e,problems:r})):n(t.data).results.map(({id:e,errors:t})=>({id:e,problems:t}))}function v(e,t){if(e.data)return t(e.data).errors;let n=e.error?.graphQLErrors[0]?.message??e.error?.message??``;return[{...p,message:n}]}async function y(e,t,n){let r=await e.mutation(l,{input:{id:t,name:n}}).toPromise();return{id:r.data?.cloneSegment.segment?.id??null,problems:v(r,e=>e.cloneSegment)}}async function b(e,t,n={}){let r=await e.mutation(u,{input:{segmentId:t,format:`CSV`,...n}}).toPromise(),i=v(r,e=>e.createExport)[0],a=r.data?.createExport.export?.id;return i||!a?i?.message??``:new Promise(t=>{let{unsubscribe:n}=e.subscription(f,{id:a}).subscribe(({data:r,error:i})=>{i&&t(i.message);let o=r?.exportEvents.status;o&&o!==`RUNNING`&&(n(),e.query(d,{id:a},{requestPolicy:`network-only`}).toPromise().then(({data:e})=>{let n=e?.export?.url;if(!n)return t(e?.export?.error?.message??``);let r=document.createElement(`a`);r.href=n,r.download=``,r.click(),t(null)}))})})}export{_ as a,g as i,y as n,v as o,b as r,h as s,t};