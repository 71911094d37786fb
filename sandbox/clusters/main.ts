import { buildImages } from "../images";
import { clusterStatus, findLeftovers, startClusters, stopClusters } from "./index";

const progress = (line: string): void => console.log(`${process.uptime().toFixed(1)} ${line}`);
const [command, bin = "", images = ""] = process.argv.slice(2);

async function main(): Promise<void> {
  if (command === "up") {
    const archives = await buildImages(bin, images);
    progress(archives.map((a) => a.reference).join("\n"));
    console.log(await startClusters({ bin, images: archives, progress }));
  } else if (command === "down") {
    await stopClusters({ progress });
    console.log(await findLeftovers());
  } else {
    console.log(await clusterStatus());
    console.log(await findLeftovers());
  }
  progress("done");
}
main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
