/** The proxy of the contract test kit: a real thing in between that cuts, delays and falls silent. */
export { type Proxy, startProxy } from '@bulkhead/connector-sdk/testing'
