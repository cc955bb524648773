/* SPDX-License-Identifier: MIT */
/* A handout as text, and as words of a command line. */
#include "rocpart/model.h"
#include "run/handout.h"

struct form {
	int (*text)(const struct rp_handout *h, struct rp_strbuf *out,
		    struct rocpart_error *reterr);
	int (*words)(const struct rp_handout *h, struct rp_words *out,
		     struct rocpart_error *reterr);
	enum rocpart_view view;
};

static const struct form forms[] = {
	[ROCPART_HANDOUT_SHELL] = {rp_handout_shell, NULL, ROCPART_VIEW_HOST},
	[ROCPART_HANDOUT_DOTENV] = {rp_handout_dotenv, NULL, ROCPART_VIEW_HOST},
	[ROCPART_HANDOUT_DOCKER] = {NULL, rp_handout_docker, ROCPART_VIEW_OWN},
	[ROCPART_HANDOUT_PODMAN] = {NULL, rp_handout_podman, ROCPART_VIEW_OWN},
	[ROCPART_HANDOUT_K8S_YAML] = {rp_handout_k8s_yaml, NULL, ROCPART_VIEW_OWN},
	[ROCPART_HANDOUT_K8S_JSON] = {rp_handout_k8s_json, NULL, ROCPART_VIEW_OWN},
	[ROCPART_HANDOUT_SYSTEMD] = {rp_handout_systemd, NULL, ROCPART_VIEW_OWN},
	[ROCPART_HANDOUT_VLLM] = {NULL, rp_handout_vllm, ROCPART_VIEW_HOST},
	[ROCPART_HANDOUT_LLAMA_CPP] = {NULL, rp_handout_llama, ROCPART_VIEW_HOST},
};

static bool is_form(enum rocpart_handout_form form)
{
	return (size_t)form < RP_ARRAY_LEN(forms);
}

ROCPART_PUBLIC enum rocpart_view rocpart_handout_get_view(const struct rocpart_handout *handout,
							  enum rocpart_handout_form form)
{
	if (form == ROCPART_HANDOUT_K8S_YAML || form == ROCPART_HANDOUT_K8S_JSON)
		return rp_handout_k8s_view(&handout->values);
	return is_form(form) ? forms[form].view : ROCPART_VIEW_HOST;
}

ROCPART_PUBLIC int rocpart_handout_get_words(const struct rocpart_handout *handout,
					     enum rocpart_handout_form form, char ***ret_words,
					     struct rocpart_error *reterr)
{
	RP_AUTO_WORDS struct rp_words words = {0};
	int r;

	if (!is_form(form) || !forms[form].words)
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, NULL,
				    "this form is a text, not a list of words");
	r = forms[form].words(&handout->values, &words, reterr);
	if (r < 0 || words.failed)
		return r < 0 ? r : rp_error_nomem(reterr);
	*ret_words = words.v;
	memset(&words, 0, sizeof(words));
	return 0;
}

static int print_words(const struct rocpart_handout *h, enum rocpart_handout_form form,
		       struct rp_strbuf *out, struct rocpart_error *reterr)
{
	char **words = NULL;
	int r = rocpart_handout_get_words(h, form, &words, reterr);

	for (char **w = words; w && *w; w++) {
		if (w != words)
			rp_strbuf_add_char(out, ' ');
		rp_quote_shell(out, *w);
	}
	rp_strbuf_add_char(out, '\n');
	rocpart_flags_free(words);
	return r;
}

ROCPART_PUBLIC int rocpart_handout_print(const struct rocpart_handout *handout,
					 enum rocpart_handout_form form, char **ret_text,
					 struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	char *s;
	int r;

	if (!is_form(form))
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, NULL,
				    "this form does not exist");
	r = forms[form].text ? forms[form].text(&handout->values, &text, reterr)
			     : print_words(handout, form, &text, reterr);
	if (r < 0)
		return r;
	s = rp_strbuf_steal(&text);
	if (!s)
		return rp_error_nomem(reterr);
	*ret_text = s;
	return 0;
}
