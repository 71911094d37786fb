import * as z from "zod";
import type { RetryDeps } from "../retry";
import { retrying } from "../retry";
import { SyncError } from "../errors";
import type { Exchange } from "./http";
import type { ModelVersion, RegisteredModel, Run, Tags } from "./replies";
import { isReason, modelReply, nothing, page, parsed, refusal, runReply, versionReply } from "./replies";

export type { ModelVersion, RegisteredModel, Run, Tags } from "./replies";

/**
 * A string of MLflow's filter language; it has no escapes, so a text with both kinds of quotes cannot be said.
 *
 * @throws SyncError `refused` for such a text.
 */
export function quoted(text: string): string {
  const quote = text.includes("'") ? '"' : "'";
  if (text.includes(quote) || text.includes("\\"))
    throw new SyncError("refused", `MLflow cannot search for ${JSON.stringify(text)}`, false);
  return `${quote}${text}${quote}`;
}

/**
 * The part of MLflow's REST interface that the worker uses.
 *
 * Every request passes `request`. What is safe to repeat is tried again under the `retry` policy; creations are sent once, since a
 * lost reply does not say whether they happened: their caller has to look.
 *
 * @throws SyncError `registry-unavailable` (transient), `denied`, `not-found`, `refused`.
 */
export class Mlflow {
  constructor(
    private readonly exchange: Exchange,
    private readonly retry: RetryDeps,
  ) {}

  private async request<T>(
    method: string,
    path: string,
    body: unknown,
    reply: z.ZodType<T>,
    once = false,
  ): Promise<T> {
    const attempt = async (): Promise<T> => {
      const answer = await this.exchange(method, `/api/2.0/mlflow${path}`, body).catch((error: unknown) => {
        if (!(error instanceof SyncError) || !error.transient) throw error;
        throw new SyncError("registry-unavailable", error.message, true, { cause: error });
      });
      if (answer.status !== 200) throw refusal(`${method} ${path.split("?")[0] ?? ""}`, answer);
      const read = reply.safeParse(parsed(answer));
      if (read.success) return read.data;
      throw new SyncError(
        "registry-unavailable",
        `MLflow ${path}: answer not understood: ${read.error.message}`,
        true,
      );
    };
    return once ? attempt() : retrying(attempt, this.retry);
  }

  private async pages<T>(ask: (token: string) => Promise<{ items: T[]; next: string }>): Promise<T[]> {
    const all: T[] = [];
    let token = "";
    do {
      const { items, next } = await ask(token);
      all.push(...items);
      token = next;
    } while (token !== "");
    return all;
  }

  async model(name: string): Promise<RegisteredModel | undefined> {
    const path = `/registered-models/get?${new URLSearchParams({ name }).toString()}`;
    try {
      return (await this.request("GET", path, undefined, z.object({ registered_model: modelReply })))
        .registered_model;
    } catch (error) {
      if (isReason(error, "not-found")) return undefined;
      throw error;
    }
  }

  /** Every registered model, or those that `filter` selects. */
  models(filter = ""): Promise<RegisteredModel[]> {
    const reply = z.object({ registered_models: z.array(modelReply).default([]), ...page });
    return this.pages(async (token) => {
      const query = new URLSearchParams({
        max_results: "1000",
        ...(filter && { filter }),
        ...(token && { page_token: token }),
      });
      const answer = await this.request(
        "GET",
        `/registered-models/search?${query.toString()}`,
        undefined,
        reply,
      );
      return { items: answer.registered_models, next: answer.next_page_token };
    });
  }

  /** Creates a registered model with its tags in one step; `exists` when the name is taken already. */
  async createModel(name: string, tags: Tags, description: string): Promise<"created" | "exists"> {
    const body = { name, description, tags: Object.entries(tags).map(([key, value]) => ({ key, value })) };
    try {
      await this.request("POST", "/registered-models/create", body, nothing);
      return "created";
    } catch (error) {
      if (error instanceof SyncError && error.cause === "RESOURCE_ALREADY_EXISTS") return "exists";
      throw error;
    }
  }

  async setModelTag(name: string, key: string, value: string): Promise<void> {
    await this.request("POST", "/registered-models/set-tag", { name, key, value }, nothing);
  }

  /** Versions that `filter` selects (MLflow's filter language); aliases do not stand in them. */
  versions(filter: string): Promise<ModelVersion[]> {
    const reply = z.object({ model_versions: z.array(versionReply).default([]), ...page });
    return this.pages(async (token) => {
      const query = new URLSearchParams({
        max_results: "10000",
        ...(filter && { filter }),
        ...(token && { page_token: token }),
      });
      const answer = await this.request(
        "GET",
        `/model-versions/search?${query.toString()}`,
        undefined,
        reply,
      );
      return { items: answer.model_versions, next: answer.next_page_token };
    });
  }

  async version(name: string, version: string): Promise<ModelVersion | undefined> {
    const path = `/model-versions/get?${new URLSearchParams({ name, version }).toString()}`;
    try {
      return (await this.request("GET", path, undefined, z.object({ model_version: versionReply })))
        .model_version;
    } catch (error) {
      if (isReason(error, "not-found")) return undefined;
      throw error;
    }
  }

  /** Sent once: after a transient error the version may exist. */
  async createVersion(
    name: string,
    source: string,
    tags: Tags,
    runId: string,
    description: string,
  ): Promise<ModelVersion> {
    const list = Object.entries(tags).map(([key, value]) => ({ key, value }));
    const body = { name, source, run_id: runId, description, tags: list };
    const reply = z.object({ model_version: versionReply });
    return (await this.request("POST", "/model-versions/create", body, reply, true)).model_version;
  }

  async setVersionTag(name: string, version: string, key: string, value: string): Promise<void> {
    await this.request("POST", "/model-versions/set-tag", { name, version, key, value }, nothing);
  }

  async deleteVersionTag(name: string, version: string, key: string): Promise<void> {
    await this.gone(this.request("DELETE", "/model-versions/delete-tag", { name, version, key }, nothing));
  }

  /** Deletes a version; one that is gone already is fine. MLflow drops its aliases with it. */
  async deleteVersion(name: string, version: string): Promise<void> {
    await this.gone(this.request("DELETE", "/model-versions/delete", { name, version }, nothing));
  }

  async setAlias(name: string, alias: string, version: string): Promise<void> {
    await this.request("POST", "/registered-models/alias", { name, alias, version }, nothing);
  }

  /** Id of the experiment of this name, made when absent. */
  async experiment(name: string): Promise<string> {
    const found = z.object({ experiment: z.object({ experiment_id: z.string() }) });
    const path = `/experiments/get-by-name?${new URLSearchParams({ experiment_name: name }).toString()}`;
    const look = async (): Promise<string> =>
      (await this.request("GET", path, undefined, found)).experiment.experiment_id;
    try {
      return await look();
    } catch (error) {
      if (!isReason(error, "not-found")) throw error;
    }
    try {
      const made = await this.request(
        "POST",
        "/experiments/create",
        { name },
        z.object({ experiment_id: z.string() }),
      );
      return made.experiment_id;
    } catch (error) {
      if (error instanceof SyncError && error.cause === "RESOURCE_ALREADY_EXISTS") return look();
      throw error;
    }
  }

  async runs(experiment: string, filter: string): Promise<Run[]> {
    const reply = z.object({ runs: z.array(runReply).default([]) });
    const body = { experiment_ids: [experiment], filter, max_results: 100 };
    return (await this.request("POST", "/runs/search", body, reply)).runs;
  }

  /** Sent once: after a transient error the run may exist. */
  async createRun(experiment: string, runName: string, startMs: number, tags: Tags): Promise<Run> {
    const list = Object.entries(tags).map(([key, value]) => ({ key, value }));
    const body = { experiment_id: experiment, run_name: runName, start_time: startMs, tags: list };
    return (await this.request("POST", "/runs/create", body, z.object({ run: runReply }), true)).run;
  }

  /** Metrics at step 0, then the run's end; the same values written twice change nothing that is read. */
  async finishRun(runId: string, endMs: number, metrics: Readonly<Record<string, number>>): Promise<void> {
    const list = Object.entries(metrics).map(([key, value]) => ({ key, value, timestamp: endMs, step: 0 }));
    await this.request("POST", "/runs/log-batch", { run_id: runId, metrics: list }, nothing);
    await this.request(
      "POST",
      "/runs/update",
      { run_id: runId, status: "FINISHED", end_time: endMs },
      nothing,
    );
  }

  async deleteRun(runId: string): Promise<void> {
    await this.gone(this.request("POST", "/runs/delete", { run_id: runId }, nothing));
  }

  private async gone(deletion: Promise<unknown>): Promise<void> {
    try {
      await deletion;
    } catch (error) {
      if (!isReason(error, "not-found")) throw error;
    }
  }
}
