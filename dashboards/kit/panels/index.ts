export { bars } from "./bars";
export { by, named } from "./panel";
export type { Panel } from "./panel";
export { numbers, stat } from "./stat";
export { stateTimeline } from "./states";
export { table } from "./table";
export { timeSeries } from "./timeSeries";
