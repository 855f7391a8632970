import{o as e,t}from"./react-DgRzD9U8.js";import{t as n}from"./gql-h6yu-1fa.js";var r=e(t(),1),i=`seggraph-token`,a=[],o=!1;function s(){let e=new URLSearchParams(location.hash.slice(1)).get(`token`);e&&(localStorage.setItem(i,e),history.replaceState(null,``,location.pathname+location.search))}var c=()=>localStorage.getItem(i),l=()=>o;function u(e){o=!1,localStorage.setItem(i,e),p()}function d(e={refused:!1}){o=e.refused,localStorage.removeItem(i),p()}function f(e){return a.push(e),()=>{a=a.filter(t=>t!==e)}}function p(){for(let e of a)e()}addEventListener(`storage`,e=>{e.key===i&&p()});async function m(e){let t=await fetch(h(`graphql`),{method:`POST`,headers:{"Content-Type":`application/json`,Accept:`application/json`,Authorization:`Bearer ${e}`},body:`{"query":"{ __typename }"}`});return t.status!==401&&t.status!==403}var h=e=>new URL(e,document.baseURI).href,g=new Map;function _(e){let{__meta__:t,definitions:n}=e,r=n?.find(e=>`name`in e&&`operation`in e)?.name?.value??``;return t&&g.set(r,t.hash),t?.hash??g.get(r)??``}function v(e){return e===null?`null`:Array.isArray(e)?`array`:typeof e}function y(e){return v(e)===`object`}function b(e){return Array.isArray(e)&&e.length>0&&e.every(e=>`message`in e)}function x(e,t){return e.length<124?e:t}var S=(e=>(e[e.InternalServerError=4500]=`InternalServerError`,e[e.InternalClientError=4005]=`InternalClientError`,e[e.BadRequest=4400]=`BadRequest`,e[e.BadResponse=4004]=`BadResponse`,e[e.Unauthorized=4401]=`Unauthorized`,e[e.Forbidden=4403]=`Forbidden`,e[e.SubprotocolNotAcceptable=4406]=`SubprotocolNotAcceptable`,e[e.ConnectionInitialisationTimeout=4408]=`ConnectionInitialisationTimeout`,e[e.ConnectionAcknowledgementTimeout=4504]=`ConnectionAcknowledgementTimeout`,e[e.SubscriberAlreadyExists=4409]=`SubscriberAlreadyExists`,e[e.TooManyInitialisationRequests=4429]=`TooManyInitialisationRequests`,e))(S||{}),C=(e=>(e.ConnectionInit=`connection_init`,e.ConnectionAck=`connection_ack`,e.Ping=`ping`,e.Pong=`pong`,e.Subscribe=`subscribe`,e.Next=`next`,e.Error=`error`,e.Complete=`complete`,e))(C||{});function w(e){if(!y(e))throw Error(`Message is expected to be an object, but got ${v(e)}`);if(!e.type)throw Error(`Message is missing the 'type' property`);if(typeof e.type!=`string`)throw Error(`Message is expects the 'type' property to be a string, but got ${v(e.type)}`);switch(e.type){case`connection_init`:case`connection_ack`:case`ping`:case`pong`:if(e.payload!=null&&!y(e.payload))throw Error(`"${e.type}" message expects the 'payload' property to be an object or nullish or missing, but got "${e.payload}"`);break;case`subscribe`:if(typeof e.id!=`string`)throw Error(`"${e.type}" message expects the 'id' property to be a string, but got ${v(e.id)}`);if(!e.id)throw Error(`"${e.type}" message requires a non-empty 'id' property`);if(!y(e.payload))throw Error(`"${e.type}" message expects the 'payload' property to be an object, but got ${v(e.payload)}`);if(typeof e.payload.query!=`string`)throw Error(`"${e.type}" message payload expects the 'query' property to be a string, but got ${v(e.payload.query)}`);if(e.payload.variables!=null&&!y(e.payload.variables))throw Error(`"${e.type}" message payload expects the 'variables' property to be a an object or nullish or missing, but got ${v(e.payload.variables)}`);if(e.payload.operationName!=null&&v(e.payload.operationName)!==`string`)throw Error(`"${e.type}" message payload expects the 'operationName' property to be a string or nullish or missing, but got ${v(e.payload.operationName)}`);if(e.payload.extensions!=null&&!y(e.payload.extensions))throw Error(`"${e.type}" message payload expects the 'extensions' property to be a an object or nullish or missing, but got ${v(e.payload.extensions)}`);break;case`next`:if(typeof e.id!=`string`)throw Error(`"${e.type}" message expects the 'id' property to be a string, but got ${v(e.id)}`);if(!e.id)throw Error(`"${e.type}" message requires a non-empty 'id' property`);if(!y(e.payload))throw Error(`"${e.type}" message expects the 'payload' property to be an object, but got ${v(e.payload)}`);break;case`error`:if(typeof e.id!=`string`)throw Error(`"${e.type}" message expects the 'id' property to be a string, but got ${v(e.id)}`);if(!e.id)throw Error(`"${e.type}" message requires a non-empty 'id' property`);if(!b(e.payload))throw Error(`"${e.type}" message expects the 'payload' property to be an array of GraphQL errors, but got ${JSON.stringify(e.payload)}`);break;case`complete`:if(typeof e.id!=`string`)throw Error(`"${e.type}" message expects the 'id' property to be a string, but got ${v(e.id)}`);if(!e.id)throw Error(`"${e.type}" message requires a non-empty 'id' property`);break;default:throw Error(`Invalid message 'type' property "${e.type}"`)}return e}function T(e,t){return w(typeof e==`string`?JSON.parse(e,t):e)}function E(e,t){return w(e),JSON.stringify(e,t)}function D(e){let{url:t,connectionParams:n,lazy:r=!0,onNonLazyError:i=console.error,lazyCloseTimeout:a=0,keepAlive:o=0,disablePong:s,connectionAckWaitTimeout:c=0,retryAttempts:l=5,retryWait:u=async function(e){let t=2**e;await new Promise(e=>setTimeout(e,t*1e3+Math.floor(Math.random()*2700+300)))},shouldRetry:d=k,on:f,webSocketImpl:p,generateID:m=function(){return`xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx`.replace(/[xy]/g,e=>{let t=Math.random()*16|0;return(e==`x`?t:t&3|8).toString(16)})},jsonMessageReplacer:h,jsonMessageReviver:g}=e,_;if(p){if(!j(p))throw Error(`Invalid WebSocket implementation provided`);_=p}else typeof WebSocket<`u`?_=WebSocket:typeof global<`u`?_=global.WebSocket||global.MozWebSocket:typeof window<`u`&&(_=window.WebSocket||window.MozWebSocket);if(!_)throw Error("WebSocket implementation missing; on Node you can `import WebSocket from 'ws';` and pass `webSocketImpl: WebSocket` to `createClient`");let v=_,y=(()=>{let e=(()=>{let e={};return{on(t,n){return e[t]=n,()=>{delete e[t]}},emit(t){`id`in t&&e[t.id]?.(t)}}})(),t={connecting:f?.connecting?[f.connecting]:[],opened:f?.opened?[f.opened]:[],connected:f?.connected?[f.connected]:[],ping:f?.ping?[f.ping]:[],pong:f?.pong?[f.pong]:[],message:f?.message?[e.emit,f.message]:[e.emit],closed:f?.closed?[f.closed]:[],error:f?.error?[f.error]:[]};return{onMessage:e.on,on(e,n){let r=t[e];return r.push(n),()=>{let e=r.indexOf(n);e>-1&&r.splice(e,1)}},emit(e,...n){for(let r of[...t[e]])r(...n)}}})();function b(e){let t=[y.on(`error`,n=>{t.forEach(e=>e()),e(n)}),y.on(`closed`,n=>{t.forEach(e=>e()),e(n)})];return()=>t.forEach(e=>e())}let w,D=0,M,N=!1,P=0,F=!1;async function I(){clearTimeout(M);let[e,r]=await(w??=new Promise((e,r)=>(async()=>{if(N){if(await u(P),!D)return w=void 0,r({code:1e3,reason:`All Subscriptions Gone`});P++}y.emit(`connecting`,N);let i=new v(typeof t==`function`?await t():t,`graphql-transport-ws`),a,l;function d(){isFinite(o)&&o>0&&(clearTimeout(l),l=setTimeout(()=>{i.readyState===v.OPEN&&(i.send(E({type:C.Ping})),y.emit(`ping`,!1,void 0))},o))}b(e=>{w=void 0,clearTimeout(a),clearTimeout(l),r(e),e instanceof O&&(i.close(4499,`Terminated`),i.onerror=null,i.onclose=null)}),i.onerror=e=>y.emit(`error`,e),i.onclose=e=>y.emit(`closed`,e),i.onopen=async()=>{try{y.emit(`opened`,i);let e=typeof n==`function`?await n():n;if(i.readyState!==v.OPEN)return;i.send(E(e?{type:C.ConnectionInit,payload:e}:{type:C.ConnectionInit},h)),isFinite(c)&&c>0&&(a=setTimeout(()=>{i.close(S.ConnectionAcknowledgementTimeout,`Connection acknowledgement timeout`)},c)),d()}catch(e){y.emit(`error`,e),i.close(S.InternalClientError,x(e instanceof Error?e.message:String(e),`Internal client error`))}};let f=!1;i.onmessage=({data:t})=>{try{let n=T(t,g);if(y.emit(`message`,n),n.type===`ping`||n.type===`pong`){y.emit(n.type,!0,n.payload),n.type===`pong`?d():s||(i.send(E(n.payload?{type:C.Pong,payload:n.payload}:{type:C.Pong},h)),y.emit(`pong`,!1,n.payload));return}if(f)return;if(n.type!==C.ConnectionAck)throw Error(`First message cannot be of type ${n.type}`);clearTimeout(a),f=!0,y.emit(`connected`,i,n.payload,N),N=!1,P=0;let r=new Promise((e,t)=>b(t));r.catch(()=>{}),e([i,r])}catch(e){i.onmessage=null,y.emit(`error`,e),i.close(S.BadResponse,x(e instanceof Error?e.message:String(e),`Bad response`))}}})()));e.readyState===v.CLOSING&&await r;let i=()=>{},l=new Promise(e=>i=e);return[e,i,new Promise((t,n)=>{let i=b(n);e.readyState!==v.OPEN&&r.catch(n),l.then(()=>{if(i(),!D){let t=()=>e.close(1e3,`Normal Closure`);isFinite(a)&&a>0?(clearTimeout(M),M=setTimeout(()=>{!D&&e.readyState===v.OPEN&&t()},a)):t()}t()})})]}function L(e){if(k(e)&&(A(e.code)||[S.InternalServerError,S.InternalClientError,S.BadRequest,S.BadResponse,S.Unauthorized,S.SubprotocolNotAcceptable,S.SubscriberAlreadyExists,S.TooManyInitialisationRequests].includes(e.code)))throw e;if(F)return!1;if(k(e)&&e.code===1e3)return D>0;if(!l||P>=l||!d(e))throw e;return N=!0}r||(async()=>{for(D++;;)try{let[,,e]=await I();await e}catch(e){try{if(!L(e))return}catch(e){return i?.(e)}}})();function R(e,t){let n=m(e),r=!1,i=!1,a=()=>{D--,r=!0};return(async()=>{for(D++;;)try{let[o,s,c]=await I();if(r)return c.catch(()=>{}),s();let l=y.onMessage(n,e=>{switch(e.type){case C.Next:t.next(e.payload);return;case C.Error:i=!0,r=!0,t.error(e.payload),a();return;case C.Complete:r=!0,a();return}});o.send(E({id:n,type:C.Subscribe,payload:e},h)),a=()=>{!r&&o.readyState===v.OPEN&&o.send(E({id:n,type:C.Complete},h)),D--,r=!0,s()},await c.finally(l);return}catch(e){if(!L(e))return}})().then(()=>{i||t.complete()}).catch(e=>{t.error(e)}),()=>{r||a()}}return{on:y.on,subscribe:R,iterate(e){let t=[],n={done:!1,error:null,resolve:()=>{}},r=R(e,{next(e){t.push(e),n.resolve()},error(e){n.done=!0,n.error=e,n.resolve()},complete(){n.done=!0,n.resolve()}}),i=async function*(){for(;;){for(t.length||await new Promise(e=>n.resolve=e);t.length;)yield t.shift();if(n.error)throw n.error;if(n.done)return}}();return i.throw=async e=>(n.done||(n.done=!0,n.error=e,n.resolve()),{done:!0,value:void 0}),i.return=async()=>(r(),{done:!0,value:void 0}),i},async dispose(){if(F=!0,w){let[e]=await w;e.close(1e3,`Normal Closure`)}},terminate(){w&&y.emit(`closed`,new O)}}}var O=class extends Error{name=`TerminatedCloseEvent`;message=`4499: Terminated`;code=4499;reason=`Terminated`;wasClean=!1};function k(e){return y(e)&&`code`in e&&`reason`in e}function A(e){return![1e3,1001,1006,1005,1012,1013,1014].includes(e)&&e>=1e3&&e<=1999}function j(e){return typeof e==`function`&&`constructor`in e&&`CLOSED`in e&&`CLOSING`in e&&`CONNECTING`in e&&`OPEN`in e}var M=null,N=`off`,P=Date.now(),F=new Set,I=()=>N,L=()=>P;function R(e){return F.add(e),()=>F.delete(e)}function z(e){if(e!==N){N=e,P=Date.now();for(let e of F)e()}}function B(){let e=D({url:h(`graphql`).replace(/^http/,`ws`),connectionParams:()=>({Authorization:`Bearer ${c()??``}`}),keepAlive:12e3,jsonMessageReplacer:(e,t)=>e===`query`?void 0:t,retryAttempts:1/0,retryWait:async e=>{let t=Math.min(250*2**e,8e3)*(.75+Math.random()/2);await new Promise(e=>{let n=setTimeout(e,t);addEventListener(`online`,()=>(clearTimeout(n),e()),{once:!0})})},shouldRetry:e=>e instanceof CloseEvent&&![4401,4403].includes(e.code),on:{connecting:e=>z(e?`reconnecting`:`connecting`),connected:()=>z(`live`),closed:()=>z(M===e?`reconnecting`:`off`)}});return M=e,e}async function V(){let e=M;M=null,z(`off`),await e?.dispose()}function H(e,t,n){let r={documentId:_(e),query:``,variables:{...t}};return(M??B()).subscribe(r,{...n,next:e=>{for(let t of Object.values(e.data??{}))t?.cursor&&(r.variables.after=t.cursor);n.next(e)}})}var U=n(`
  query StartCursor {
    workspaceEventCursor
  }
`);n(`
  fragment LiveSegment on Segment {
    id
    name
    status
    type
    purpose
    version
    revision
    memberCount
    campaignCount
    transitions
    lastAction
    lastModifiedAt
    lastModifiedBy {
      id
      name
    }
    reach {
      status
      total
      email
      directMail
      sms
      phone
      push
      asOf
      progress
      error {
        code
        message
        at
      }
    }
  }
`);var W=n(`
  subscription SegmentEvents($after: String) {
    segmentEvents(after: $after) {
      cursor
      at
      revision
      segment {
        ...LiveSegment
      }
      ... on MembershipChanged {
        entered
        exited
      }
      ... on RunProgressed {
        progress
        phase
      }
      ... on ResyncRequired {
        reason
      }
    }
  }
`),G=n(`
  subscription WorkspaceEvents($after: String) {
    workspaceEvents(after: $after) {
      cursor
      at
      topic
      subjectId
    }
  }
`),K=new Set,q=new Set,J=null;function Y(e,t,n){J=Date.now();for(let r of K)(e===`RESYNC`||r.topics.includes(e))&&r.heard({topic:e,subjectId:t,at:n})}var X=()=>J;function Z(e,t){let n=[],r=!1;return e.query(U,{},{requestPolicy:`network-only`}).toPromise().then(({data:i})=>{if(r||(t(),!i))return;let a=i.workspaceEventCursor,{unsubscribe:o}=e.subscription(W,{after:a}).subscribe(({data:e})=>{let t=e?.segmentEvents;if(t){J=Date.now(),t.__typename===`ResyncRequired`&&Y(`RESYNC`,null,t.at);for(let e of q)e(t)}});n.push(o),n.push(H(G,{after:a},{next:({data:e})=>{let t=e?.workspaceEvents;t&&(t.__typename===`WorkspaceResyncRequired`?Y(`RESYNC`,null,t.at):t.topic&&Y(t.topic,t.subjectId??null,t.at))},error:()=>void 0,complete:()=>void 0}))}),()=>{r=!0;for(let e of n)e()}}function Q(e,t){let n=e.join(` `),i=(0,r.useRef)(t);i.current=t,(0,r.useEffect)(()=>{let e=null,t={topics:n.split(` `),heard:()=>{e??=setTimeout(()=>{e=null,i.current()},500)}};return K.add(t),()=>{K.delete(t),e&&clearTimeout(e)}},[n])}function $(e){let t=(0,r.useRef)(e);t.current=e,(0,r.useEffect)(()=>{let e=e=>t.current(e);return q.add(e),()=>{q.delete(e)}},[])}var ee=()=>(0,r.useSyncExternalStore)(R,I);export{l as _,$ as a,H as c,m as d,f,c as g,s as h,ee as i,_ as l,d as m,X as n,V as o,u as p,Q as r,L as s,Z as t,h as u};