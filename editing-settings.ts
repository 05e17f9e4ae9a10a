import { z } from 'zod';

/** What may be changed from the console. */
export const shape = {
  editing: z
    .strictObject({
      /** Off where the files belong to version control and nothing else may write them. */
      enabled: z.boolean().default(true),
      /** Log files of these folders may be named in a form; others are named in the file by hand. */
      log_folders: z.array(z.string().regex(/^\//, 'a folder is written as an absolute path')).max(50).default(['/var/log']),
    })
    .prefault({}),
};
