import { providerVersions } from "../plugins";
import { serveProvider } from "../provider-server";
import { Commands } from "./commands";
import { diffSettings } from "./settings";

void serveProvider(
  {
    name: "command",
    version: providerVersions.command,
    configure: (_variables, engine, signal) => new Commands(engine, signal),
    diffConfig: diffSettings,
  },
  process.argv.slice(2),
);
