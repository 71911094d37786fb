export {
  startSlurmctld as startSlurmController,
  stopSlurmctld as stopSlurmController,
} from "../../sandbox/hosts/remote";
