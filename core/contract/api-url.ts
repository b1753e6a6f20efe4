// SPDX-License-Identifier: Apache-2.0
// The base address of the API of people, for links. What only a deployment knows stands in braces in the setting.

/** What fills the braces. */
export interface ApiPlace {
  readonly apiId: string;
  readonly region: string;
  readonly stage: string;
}

/** The template with what is known; what is not keeps its braces. */
export function filledUrl(template: string, values: Partial<ApiPlace>): string {
  return template.replace(/\{(apiId|region|stage)\}/g, (braces, name: keyof ApiPlace) => {
    return values[name] ?? braces;
  });
}
