import { fedCluster } from "../../../metrics/catalogue";
import { by, evaluateHub } from "./evaluate";
import { cloud, hpc } from "./hubSite";

const { serving, transfer } = fedCluster;

describe("served models", () => {
  const counted = (server: string, requests: number, errors: number, seconds: number, within: number) => [
    cloud(serving.requests, { model: "llm", server }, requests),
    cloud(serving.errors, { model: "llm", server }, errors),
    cloud(serving.durationSum, { model: "llm", server }, seconds),
    ...Object.entries({ "1.0": within, "2.0": requests, "+Inf": requests }).map(([le, value]) =>
      cloud(serving.duration, { model: "llm", server, le }, value),
    ),
  ];
  const hub = (values: Readonly<Record<string, number>>) =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [
        `fed_hub:inference_${name}{cluster="cloud",model="llm"}`,
        value,
      ]),
    );

  it("are told by the outermost server that counts their requests", () => {
    evaluateHub(["hub-inference"], {
      input: [...counted("knative", 4, 1, 8, 2), ...counted("kserve", 3, 0, 3, 3)],
      gives: hub({
        "requests:rate5m": 4,
        "errors:ratio": 0.25,
        "duration:mean_seconds": 2,
        "duration:p50_seconds": 1,
        "duration:p95_seconds": 1.9,
      }),
    });
  });

  it("are told by the one server there is", () => {
    evaluateHub(["hub-inference"], {
      input: [
        ...counted("kserve", 2, 0, 1, 2),
        cloud(serving.firstToken, { model: "llm", le: "1.0" }, 100),
        cloud(serving.firstToken, { model: "llm", le: "+Inf" }, 100),
        cloud(serving.kvCache, { model: "llm" }, 1.5),
        cloud(serving.engines, { model: "llm" }, 2),
      ],
      gives: hub({
        "requests:rate5m": 2,
        "errors:ratio": 0,
        "duration:p99_seconds": 0.99,
        "first_token:p95_seconds": 0.95,
        "kv_cache:utilisation": 0.75,
      }),
    });
  });

  it("have no share of errors without requests", () => {
    evaluateHub(["hub-inference"], {
      input: counted("kserve", 0, 0, 0, 0),
      gives: hub({ "requests:rate5m": 0 }),
      none: ["fed_hub:inference_errors:ratio", "fed_hub:inference_duration:mean_seconds"],
    });
  });
});

describe("the way of a version", () => {
  it("leads from the cluster that trained it to those that serve it", () => {
    const version = { model: "tiny", version: "3" };
    evaluateHub(["hub-pipeline"], {
      input: [
        hpc(transfer.stage, { ...version, stage: "trained" }, 100),
        hpc(transfer.stage, { ...version, stage: "registered" }, 160),
        cloud(serving.stage, { source: "hpc", ...version, stage: "deployed" }, 200),
        cloud(serving.stage, { source: "hpc", ...version, stage: "served" }, 220),
      ],
      gives: {
        ...by(
          "fed_hub:pipeline_stage:timestamp_seconds",
          "stage",
          { trained: 100, registered: 160 },
          'source="hpc",model="tiny",version="3"',
        ),
        ...by(
          "fed_hub:pipeline_stage:timestamp_seconds",
          "stage",
          { deployed: 200, served: 220 },
          'source="hpc",model="tiny",version="3"',
          "cloud",
        ),
      },
    });
  });
});
