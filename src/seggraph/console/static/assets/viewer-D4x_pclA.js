import{o as e,t}from"./react-DgRzD9U8.js";import{t as n}from"./gql-h6yu-1fa.js";var r=e(t(),1),i=n(`
  query Viewer {
    viewer {
      role
      scope
      permissions
      user {
        id
        name
        email
      }
      workspace {
        id
        name
        currency
        timeZone
      }
    }
  }
`),a=(0,r.createContext)(null);function o(){let e=(0,r.useContext)(a);if(!e)throw Error(`Nobody is signed in.`);return e}var s=e=>e.scope===`WRITE`||e.scope===`ADMIN`,c=e=>e.role===`ADMIN`&&e.scope===`ADMIN`,l=(e,t)=>e.permissions.includes(t);export{s as a,l as i,i as n,o,c as r,a as t};