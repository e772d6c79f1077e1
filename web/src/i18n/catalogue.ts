// The types that hold the languages together.

import type { en } from "./en";
import type { later } from "./en.later";

type English = typeof en & typeof later;

export type Key = keyof English;

/** Forms by `count`; English has `one` and `other`, Chinese only `other`. */
export interface Plural {
  readonly one?: string;
  readonly other: string;
}

/** A whole language. */
export type Catalogue = { readonly [K in Key]: English[K] extends string ? string : Plural };

type Placeholders<S> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Placeholders<Rest> : never;
type TextOf<K extends Key> = English[K] extends { readonly other: infer S } ? S : English[K];

/** What a text must be given: nothing, or a value for each placeholder. */
export type Values<K extends Key> = [Placeholders<TextOf<K>>] extends [never]
  ? []
  : [values: { readonly [P in Placeholders<TextOf<K>>]: P extends "count" ? number : string | number }];
