/** The pages of one subject each are true: what they show runs. */

import { subjects } from "./pages.ts";
import { testPage } from "./run.ts";

for (const page of subjects) testPage(page);
