import type { Locator, Page } from 'playwright';

export interface Walk {
  /** The arm to take at each decision, by the words on its button. */
  choices: readonly string[];
  /** Titles of steps to leave out, with the reason given. */
  skips: readonly { title: RegExp; reason: string }[];
  /** Called before each step is worked on. */
  onStep?(step: { title: string; number: number }): Promise<void> | void;
  limitMs: number;
}

/** The open step, by the words a person sees on it. */
const openStep = (page: Page): Locator => page.locator('section.now');

/** Works through the open runbook in the incident room as an on-call engineer would, until no step is open. Answers the titles in order. */
export async function walkRunbook(page: Page, walk: Walk): Promise<string[]> {
  const titles: string[] = [];
  const end = Date.now() + walk.limitMs;
  while (Date.now() < end) {
    if ((await openStep(page).count()) === 0) {
      await page.waitForTimeout(2_000);
      if ((await openStep(page).count()) === 0) return titles;
    }
    const heading = openStep(page).getByRole('heading', { level: 3 }).first();
    const title = ((await heading.textContent({ timeout: 5_000 }).catch(() => '')) ?? '').trim();
    if (title === '') continue;
    if (titles.at(-1) !== title) {
      titles.push(title);
      await walk.onStep?.({ title, number: titles.length });
    }
    await workOn(page, { title, walk }).catch((error: Error) => {
      // The step may close by itself (verify, wait) while a button is being reached for.
      if (!/Timeout|not visible|detached|disabled/i.test(error.message)) throw error;
    });
    await page.waitForTimeout(300);
  }
  throw new Error(`the runbook was not walked to its end in ${walk.limitMs / 1000} s; reached: ${titles.join(' → ')}`);
}

async function workOn(page: Page, { title, walk }: { title: string; walk: Walk }): Promise<void> {
  const step = openStep(page);
  const skip = walk.skips.find((one) => one.title.test(title));
  if (skip) return skipStep(page, skip.reason);
  for (const choice of walk.choices) {
    const button = step.getByRole('button', { name: choice, exact: true });
    if ((await button.count()) > 0) return button.click({ timeout: 3_000 });
  }
  const publish = step.getByRole('button', { name: '发布并完成' });
  if ((await publish.count()) > 0) return publish.click({ timeout: 3_000 });
  // A step that watches closes by itself once its gate has held.
  if (/核验|等待/.test((await step.locator('.tag').first().textContent({ timeout: 3_000 })) ?? '')) return;
  const complete = step.getByRole('button', { name: '完成本步' });
  const first = step.locator('.acts .button').first();
  // The button that does it comes first; once done, completing the step becomes the first thing to do.
  const acting = (await first.textContent({ timeout: 3_000 }))?.trim() !== '完成本步' && (await step.getByText('已做').count()) === 0;
  if (acting) return first.click({ timeout: 3_000 });
  if (await complete.isEnabled({ timeout: 1_000 })) await complete.click({ timeout: 3_000 });
}

async function skipStep(page: Page, reason: string): Promise<void> {
  await openStep(page).getByRole('button', { name: /跳过/ }).click({ timeout: 3_000 });
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox').fill(reason);
  await dialog.getByRole('button', { name: '跳过这一步' }).click();
  await dialog.waitFor({ state: 'detached' });
}
