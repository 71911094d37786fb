import type { User } from "../settings/credentials";
import { createUser } from "./users";

/** The user with whom benchmarks write to the hub's Prometheus. */
export const createBenchmarkUser = (generation: number): Promise<User> => createUser("benchmark", generation);

/** That user of a generation: kept where there is one, made where it is missing, removed where it is not wanted. */
export async function completeBenchmarkUser(
  wanted: boolean,
  found: User | undefined,
  generation: number,
): Promise<{ readonly benchmark?: User; readonly said: readonly string[] }> {
  const user = `the user of benchmarks (generation ${generation})`;
  if (!wanted)
    return {
      said: found === undefined ? [] : [`removed ${user}: the hub has no landing zone for their results`],
    };
  if (found !== undefined) return { benchmark: found, said: [] };
  return { benchmark: await createBenchmarkUser(generation), said: [`made ${user}`] };
}
