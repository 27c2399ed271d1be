/** What axe-core finds wrong with a page for those who cannot see, point or tell colours apart. */

// Only tests load these.
// deno-lint-ignore no-import-prefix
import type { Page } from "npm:playwright-core@1.65.1";
// deno-lint-ignore no-import-prefix
import axe from "npm:axe-core@4.14.1/axe.min.js" with { type: "text" };

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** Everything that is wrong, each with its first element and the reason. */
export async function complaintsOfAxe(page: Page): Promise<readonly string[]> {
  // The page's own policy lets no script in; what a debugger evaluates is not asked.
  await page.evaluate(axe);
  // A fragment names a panel of the console, and no place in its page.
  const rules = { "skip-link": { enabled: false } };
  const { violations } = await page.evaluate(`axe.run(${JSON.stringify({ rules })})`) as {
    readonly violations: readonly Violation[];
  };
  return violations.map(({ id, impact, nodes }) =>
    `${impact} ${id} ${nodes.length}x: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`
  );
}
