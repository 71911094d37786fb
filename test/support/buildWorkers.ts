import { buildWorkers } from "../../scripts/build";

/** Before the tests of a level: the program refuses to run without its workers. */
export default (): void => {
  buildWorkers();
};
