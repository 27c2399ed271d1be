/** The tour is true: every chapter runs. */

import { tour } from "./pages.ts";
import { testPage } from "./run.ts";

for (const chapter of tour) testPage(chapter);
