-- What the pipeline reads of a publication (pages, `groundgame sql`) it reads with an analyst's rights.
grant groundgame_analyst to groundgame_pipeline;
