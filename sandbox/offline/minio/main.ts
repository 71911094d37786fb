import { providerVersions } from "../plugins";
import { serveProvider } from "../provider-server";
import { Mc } from "./mc";
import { Resources } from "./resources";
import { diffSettings, providerSettings } from "./settings";

void serveProvider(
  {
    name: "minio",
    version: providerVersions.minio,
    configure: (variables, _engine, signal) =>
      new Resources(new Mc(providerSettings(variables, process.env), signal)),
    diffConfig: diffSettings,
  },
  process.argv.slice(2),
);
