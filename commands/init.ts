import { clusterUidOf } from "./clusterUid";
import { initialise } from "./initialise";
import { initOptions } from "./initOptions";
import { pulumiCli } from "./pulumiCli";

Promise.resolve()
  .then(() => initialise(initOptions(process.argv.slice(2)), { pulumi: pulumiCli(), clusterUidOf }))
  .then((said) => console.log(said.join("\n")))
  .catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
