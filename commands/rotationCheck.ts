import * as https from "node:https";
import { memberWebCredentials, type Generation } from "../settings/credentials";

/** A member as the hub reaches it. */
export interface MemberEndpoint {
  readonly cluster: string;
  readonly url: string;
  /** Where its site has the Prometheus, which knows nothing of the hub's users. */
  readonly existing?: object;
}

const TIMEOUT_MILLISECONDS = 10_000;

/** HTTP status of a member's readiness when asked with the new generation alone; throws where TLS or the network fails. */
async function askWith(generation: Generation, { cluster, url }: MemberEndpoint): Promise<number> {
  const user = generation.clusters[cluster]?.federation;
  if (user === undefined) throw new Error("the new generation has no user for it");
  const { caCertificates } = memberWebCredentials({ generations: [generation] }, cluster);
  return new Promise((resolve, reject) => {
    const request = https.get(
      new URL("/-/ready", url),
      {
        ca: caCertificates,
        auth: `${user.username}:${user.password}`,
        agent: false,
        timeout: TIMEOUT_MILLISECONDS,
      },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    request.on("timeout", () =>
      request.destroy(new Error(`no answer within ${TIMEOUT_MILLISECONDS / 1000} s`)),
    );
    request.on("error", reject);
  });
}

/**
 * Members that would be lost if the hub went on with the new generation alone: one sentence each, none when all serve
 * its certificate and accept its user.
 */
export async function notReadyFor(
  generation: Generation,
  members: readonly MemberEndpoint[],
): Promise<readonly string[]> {
  const answers = await Promise.all(
    members
      .filter(({ existing }) => existing === undefined)
      .map(async (member) => {
        try {
          const status = await askWith(generation, member);
          return status === 401 ? `${member.cluster} does not accept its user yet` : undefined;
        } catch (error) {
          return `${member.cluster} at ${member.url}: ${error instanceof Error ? error.message : String(error)}`;
        }
      }),
  );
  return answers.filter((answer) => answer !== undefined);
}
