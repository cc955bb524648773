/* SPDX-License-Identifier: MIT */
#include "model/files/stand_in.h"

#include "base/num.h"
#include "base/strbuf.h"
#include "model/files/file.h"

#define HEAD 512u
#define LFS  "version https://git-lfs.github.com/spec/"

static int refuse(struct rocpart_error *reterr, const char *name, const char *what,
		  const char *hint)
{
	(void)rp_error_set(reterr, -EINVAL, ROCPART_ERR_MODEL_FORMAT, name, "%s", what);
	return rp_error_hint(reterr, "%s", hint);
}

/* "size 2669283096" is a line of its own. */
static int lfs(const char *head, const char *name, struct rocpart_error *reterr)
{
	const char *at = strstr(head, "\nsize "), *end;
	RP_AUTO_FREE char *digits = NULL, *what = NULL;
	char text[RP_BYTES_TEXT_SIZE];
	uint64_t size;

	end = at ? strchr(at + 1, '\n') : NULL;
	digits = at ? rp_strndup(at + 6, end ? (size_t)(end - at - 6) : strlen(at + 6)) : NULL;
	if (digits && rp_parse_u64(digits, 10, &size) == 0)
		what = rp_strdupf("the file is a Git LFS pointer, not the model: the file that the "
				  "pointer names has %s (%llu bytes)",
				  rp_format_bytes(size, text), (unsigned long long)size);
	return refuse(reterr, name, what ? what : "the file is a Git LFS pointer, not the model",
		      "run `git lfs pull` in the folder of the model");
}

static bool is_page(const char *head)
{
	static const char *const starts[] = {"<!doctype", "<html", "<head", "<?xml", "<body"};

	if (rp_str_starts(head, "\xef\xbb\xbf"))
		head += 3;
	head += strspn(head, " \t\r\n");
	for (size_t i = 0; i < RP_ARRAY_LEN(starts); i++)
		if (rp_str_starts_nocase(head, starts[i]))
			return true;
	return false;
}

/* A header of safetensors begins with a length below 2^27: its fourth byte is no letter. */
static bool is_text(const char *head, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = head[i];
		bool blank = c == '\t' || c == '\r' || c == '\n';

		if ((c >= 0 && c < ' ' && !blank) || c == 127)
			return false;
	}
	return len >= 4;
}

static int refuse_text(const char *head, const char *name, struct rocpart_error *reterr)
{
	RP_AUTO_FREE char *what =
		rp_strdupf("the file is a text, not a model; it begins with '%.*s'",
			   (int)strcspn(head, "\r\n") < 40 ? (int)strcspn(head, "\r\n") : 40, head);

	return refuse(reterr, name, what ? what : "the file is a text, not a model",
		      "download the file again; the server may ask for a login");
}

static int check_head(const char *head, size_t len, const char *name, bool binary,
		      struct rocpart_error *reterr)
{
	if (rp_str_starts(head, LFS))
		return lfs(head, name, reterr);
	if (rp_str_starts(head, "/annex/objects/") || strstr(head, ".git/annex/objects/"))
		return refuse(reterr, name, "the file is a git-annex pointer, not the model",
			      "run `git annex get` in the folder of the model");
	if (is_page(head))
		return refuse(reterr, name, "the file is a web page, not the model",
			      "download the file again; the server may ask for a login");
	if (len >= 4 && memcmp(head, "PK\x03\x04", 4) == 0)
		return refuse(reterr, name, "the file is an archive (zip), as PyTorch writes it",
			      "give the model's safetensors files, or its size with --bytes");
	if (!binary)
		return 0;
	if (len >= 4 && memcmp(head, "GGUF", 4) == 0)
		return 0;
	return is_text(head, len < 64 ? len : 64) ? refuse_text(head, name, reterr) : 0;
}

int rp_stand_in_check(int fd, uint64_t size, const char *name, bool binary,
		      struct rocpart_error *reterr)
{
	char head[HEAD + 1] = "";
	size_t n = size < HEAD ? (size_t)size : HEAD;
	int r;

	if (!size && binary)
		return refuse(reterr, name, "the file is empty",
			      "download the file again, or give another file");
	r = rp_pread_all(fd, head, n, 0);
	if (r < 0)
		return rp_error_errno(reterr, r, name, "cannot read the file");
	return check_head(head, n, name, binary, reterr);
}

bool rp_stand_in_is_partial(const char *name)
{
	static const char *const ends[] = {".incomplete", ".part",  ".partial", ".crdownload",
					   ".download",	  ".aria2", ".tmp"};

	for (size_t i = 0; i < RP_ARRAY_LEN(ends); i++)
		if (rp_str_ends(name, ends[i]))
			return true;
	return false;
}

int rp_stand_in_refuse_adapter(const char *name, const char *base, struct rocpart_error *reterr)
{
	(void)rp_error_set(reterr, -ENOTSUP, ROCPART_ERR_MODEL_UNKNOWN, name,
			   base[0] ? "this is an adapter (LoRA) for the model '%.100s', not a model"
				   : "this is an adapter (LoRA), not a model%s",
			   base);
	return rp_error_hint(reterr, "size the model that the adapter belongs to");
}

int rp_stand_in_check_gguf(const char *type, const char *architecture, bool has_tensors,
			   const char *name, struct rocpart_error *reterr)
{
	/* What llama.cpp and its tools write besides models (general.type of gguf-py). */
	static const struct {
		const char *type, *architecture, *what;
	} kinds[] = {
		{"adapter", "-", "an adapter (LoRA)"},
		{"mmproj", "clip", "a projector for images or sound (mmproj)"},
		{"imatrix", "imatrix", "an importance matrix for quantising (imatrix)"},
		{"vocab", "-", "a vocabulary"},
		{"-", "controlvector", "a control vector"},
	};
	const char *what = NULL;

	for (size_t i = 0; i < RP_ARRAY_LEN(kinds) && !what; i++)
		if (rp_str_eq(kinds[i].type, type) ||
		    rp_str_eq(kinds[i].architecture, architecture))
			what = kinds[i].what;
	if (!what && !has_tensors)
		what = "a vocabulary: the file has no tensors";
	if (!what && type[0] && !rp_str_eq(type, "model"))
		what = "of a kind that rocpart does not know";
	if (!what)
		return 0;
	(void)rp_error_set(reterr, -ENOTSUP, ROCPART_ERR_MODEL_UNKNOWN, name,
			   "the file is no model; it is %s", what);
	return rp_error_hint(reterr, "give the GGUF file of the model itself");
}
