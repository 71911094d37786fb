import { readFileSync } from "node:fs";
import { get } from "../prometheus";
import { serviceCaFile, services } from "../services/topology";

/** A version as MLflow tells it. */
interface ModelVersion {
  readonly name: string;
  readonly version: string;
  /** `s3://BUCKET/PREFIX/` */
  readonly source: string;
}

/** A registered version of a model that was trained on a member. */
export interface ServedVersion {
  readonly member: string;
  readonly model: string;
  readonly version: string;
  readonly source: string;
}

/**
 * The candidate among a member's versions of a model.
 *
 * @throws where there is none, or MLflow does not answer
 */
export async function candidate(member: string, model: string): Promise<ServedVersion> {
  const query = new URLSearchParams({ name: `${member}-${model}`, alias: "candidate" });
  const ca = readFileSync(serviceCaFile, "utf8");
  const { status, body } = await get(
    { url: services.mlflow.url, ca, username: "", password: "" },
    `/api/2.0/mlflow/registered-models/alias?${query.toString()}`,
  );
  if (status !== 200)
    throw new Error(
      `MLflow answered ${status} to the candidate of ${member}-${model}: ${body.slice(0, 500)}`,
    );
  const { version, source } = (JSON.parse(body) as { model_version: ModelVersion }).model_version;
  return { member, model, version, source };
}
