/* eslint-disable @typescript-eslint/no-deprecated --
 * Grafana's newer form of a dashboard is a Kubernetes object. Files to provision, and the provider's `configJson`, are
 * of the classic form in every Grafana that is supported.
 */
import { DashboardBuilder as ClassicBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import type { Dashboard as ClassicDashboard } from "@grafana/grafana-foundation-sdk/dashboard";

export type Dashboard = ClassicDashboard;

export class DashboardBuilder extends ClassicBuilder {}
