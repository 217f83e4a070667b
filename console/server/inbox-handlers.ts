import type { Handlers } from './routes.js';
import type { Uploads } from './uploads.js';

type InboxHandlers = Pick<
  Handlers,
  'inbox' | 'lookIntoInbox' | 'dismiss' | 'uploads' | 'beginUpload' | 'upload' | 'commitUpload' | 'abandonUpload'
>;

/** The inbox, and uploads that end in a commit or in it. */
export function inboxHandlers(uploads: Uploads): InboxHandlers {
  return {
    async inbox({ query: { branch, limit }, mammoflow }) {
      const { counts, items, stray, ...report } = await mammoflow.inbox({ branch, limit });
      return {
        ...report,
        counts: { ...counts },
        items: items.map((item) => ({ ...item, here: [...item.here], missing: [...item.missing] })),
        stray: { files: stray.files, examples: [...stray.examples] },
      };
    },
    async lookIntoInbox({ body: { branch }, mammoflow }) {
      await mammoflow.lookIntoInbox({ branch });
      return { branch };
    },
    async dismiss({ body: { repo, names }, mammoflow }) {
      const { dismissed } = await mammoflow.dismiss({ repo, names });
      return { dismissed: dismissed.map(({ name, keys }) => ({ name, keys: [...keys] })) };
    },
    uploads: async ({ mammoflow }) => ({ items: await uploads.list(mammoflow) }),
    beginUpload: ({ body, user, mammoflow }) => uploads.begin(mammoflow, user.name, body),
    upload: ({ params: { upload }, mammoflow }) => uploads.state(mammoflow, upload),
    commitUpload: ({ params: { upload }, body, mammoflow }) => uploads.commit(mammoflow, upload, body),
    async abandonUpload({ params: { upload } }) {
      await uploads.abandon(upload);
      return { upload };
    },
  };
}
