import { providerVersions } from "../plugins";
import { serveProvider } from "../provider-server";
import { Cluster } from "./cluster";
import { activeCluster, loadKubeconfig } from "./kubeconfig";
import { Resources } from "./resources";
import { diffSettings, providerSettings } from "./settings";

void serveProvider(
  {
    name: "kubernetes",
    version: providerVersions.kubernetes,
    configure: (variables, engine, signal) => {
      const settings = providerSettings(variables, process.env);
      return new Resources({ settings, cluster: new Cluster(loadKubeconfig(settings)), engine, signal });
    },
    diffConfig: (olds, news) => diffSettings(olds, news, activeCluster),
  },
  process.argv.slice(2),
);
