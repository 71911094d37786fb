import { setUpDefinitions } from "../../sandbox/setup/crds";
import buildWorkers from "./buildWorkers";

/** Before the tests of a level: the program needs its workers, and an API server the operators' definitions. */
export default (): void => {
  buildWorkers();
  setUpDefinitions((line) => console.log(line));
};
