import { AnnotationQueryBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { fedHub } from "../../metrics/catalogue/recorded";
import { ANNOTATION_COLOURS } from "./palette";
import { dataSource } from "./variables";
import { ANY_CLUSTER, series, times } from "./vector";

/** Marks a version's arrival in a stage, at the moment that the series' value says. */
function event(name: string, stage: string, colour: string, said: string): AnnotationQueryBuilder {
  const when = times(series(fedHub.pipeline.stage, { cluster: ANY_CLUSTER, stage }), 1000);
  const expr = `${when.expr} > $__from`;
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource(dataSource)
    .enable(true)
    .iconColor(colour)
    .expr(expr)
    .target(new DataqueryBuilder().refId("Anno").datasource(dataSource).expr(expr).range())
    .step("60s")
    .titleFormat(`{{model}} {{version}} ${said}`)
    .textFormat("trained on {{source}}, now on {{cluster}}")
    .tagKeys("cluster,model")
    .useValueForTime(true);
}

/** What is marked on the graphs of every dashboard. */
export const annotations = (): readonly AnnotationQueryBuilder[] => [
  event("Deployments", "deployed", ANNOTATION_COLOURS.deployment, "deployed"),
  event("Transfers", "registered", ANNOTATION_COLOURS.transfer, "transferred"),
];
