import type { Component } from "../../metrics/catalogue/recorded/health";
import type { Thresholds } from "../../metrics/thresholds";
import type { DeclaredCluster } from "./declared";
import type { Own } from "./losses";

/** One thing that can be wrong with a component. */
export interface Check {
  /** Names it, snake_case: label `reason`. */
  readonly reason: string;
  /** Points it takes at most. */
  readonly points: number;
  /**
   * Points it takes while it can not be told. Of each component one check, its gate, takes all 100; the others take
   * less, so that the gate is the reason that shows when nothing is known.
   */
  readonly unknown: number;
  /** Points it takes now; see `losses.ts`. */
  readonly loss: string;
}

export interface CheckArgs {
  readonly declared: DeclaredCluster;
  readonly thresholds: Thresholds;
  readonly own: Own;
}

/** A check that takes half of its points while it can not be told. */
export function check(reason: string, points: number, loss: string): Check {
  return { reason, points, unknown: points / 2, loss };
}

/** The check without which nothing is known of a component, or of one of the products it is made of. */
export function gate(reason: string, loss: string): Check {
  return { reason, points: 100, unknown: 100, loss };
}

/** The checks of the components that a cluster is declared to have. */
export type Checks = Readonly<Partial<Record<Component, readonly Check[]>>>;
