// What `told` loads. It stands alone, so that the parts that say problems themselves share theirs with it.

export { problemText } from "./problems";
