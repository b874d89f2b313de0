"""Every remedy that a message names is carried out by a test, or stands in the closed list of what no test can do.

A new message? `python -m tests.laws.remedies` prints all remedies by module. Carry the new one out in a test that starts
from the fault, and name that test here.
"""

import ast
from collections.abc import Iterator

import pytest

from tests.laws.remedies import ROOT, all_remedies

END = "tests/end_to_end/test_remedies.py::"
WHOLE = "tests/end_to_end/test_remedies_of_whole_projects.py::"
EDIT = f"{END}test_an_edit_that_a_message_names_mends_the_fault"
DVC = f"{WHOLE}test_the_command_of_dvc_that_a_message_names_brings_equal_bytes_back"
COMMAND = f"{END}test_a_command_that_a_message_names_goes_on"
TYPES = f"{END}test_a_type_that_no_dataset_gives_is_mended_as_the_message_says"
MERGE = f"{WHOLE}test_the_marks_of_a_merge_in_dvc_lock_go_by_the_commands_that_are_named"
CHAMPION = f"{WHOLE}test_the_champion_comes_back_by_each_way_that_the_message_names"
OUTAGE = f"{WHOLE}test_what_an_outage_kept_back_is_sent_once_the_address_is_unset"
DERAIN = "tests/cli/test_remedies.py::test_the_arguments_that_derain_asks_for_are_taken"
CHECKPOINT = "tests/cli/test_remedies.py::test_readable_pictures_and_another_checkpoint_are_taken"
CORPUS = "tests/cli/test_remedies.py::test_a_corpus_is_rendered_into_the_folder_that_the_message_asks_for"
STAGES = "tests/stages/test_remedies.py::"
SPLIT = f"{STAGES}test_a_split_of_an_empty_type_goes_on_with_more_data_or_without_the_type"
UMAP = "tests/stages/test_coverage.py::test_umap_is_drawn_where_it_is_installed_and_asked_for"
UMAP_OFF = "tests/stages/test_coverage.py::test_without_its_library_the_message_says_what_to_do_and_setting_the_param_helps"
KINDS = (
    "tests/stages/test_training_split.py::test_sources_without_a_rain_type_are_named_and_both_remedies_help"
)
NAMED = "tests/stages/test_training_split.py::test_an_empty_benchmark_is_named_with_what_to_change"
TRAINING = f"{STAGES}test_a_training_goes_on_with_pairs_of_the_type_or_without_the_type"
REPLACED = f"{STAGES}test_a_checkpoint_that_was_replaced_is_used_when_the_command_is_given_again"
ABSTENTION = f"{STAGES}test_a_judge_that_abstains_on_every_photo_needs_no_share"
PHOTOS = "tests/stages/test_vlm_votes.py::test_a_database_of_one_photo_is_enough_with_more_photos_or_without_a_share"
HEAL = "tests/end_to_end/test_pipeline.py::test_a_file_that_dvc_left_half_written_is_healed_to_equal_bytes"
CLUSTER = "tests/engine/test_ray.py::test_an_address_at_which_no_cluster_answers_is_named_and_without_it_this_machine_is_used"
SHARED = "tests/engine/test_shared.py::test_a_worker_whose_disk_is_not_ours_is_noticed_and_each_cure_that_is_named_helps"
KILLS = "tests/end_to_end/test_pipeline.py::test_six_seeded_kills_lose_nothing"
BUSY = "tests/engine/test_life.py::test_a_second_holder_is_told_who_holds_the_lock"
FULL = (
    "tests/end_to_end/test_bad_artefacts.py::test_a_full_disk_leaves_no_half_file_and_the_next_run_succeeds"
)

JUDGES = "tests/distill/judges/test_remedies.py::"
ENCODERS = "tests/distill/encoders/test_remedies.py::"
SHORTER = f"{JUDGES}test_a_question_that_is_too_long_for_any_model_fits_with_fewer_references_or_more_context"
ONE_BY_ONE = f"{JUDGES}test_mobilevlm_shows_any_number_of_references_one_by_one_or_in_one_prompt"
STARTED = f"{JUDGES}test_a_judge_answers_once_its_server_is_started_or_its_address_corrected"
AGAIN = f"{JUDGES}test_a_server_that_died_answers_when_it_is_started_again_and_the_command_repeated"
HTTP = "tests/distill/judges/test_http.py::"

OUTS = "tests/cli/test_outs.py::"
ADDING = "tests/cli/test_dataset_add.py::"
QUESTION = f"{ADDING}test_an_open_question_is_asked_and_nothing_is_written"
FOLDER = f"{ADDING}test_a_folder_without_pictures_and_no_folder_are_refused_until_the_right_one_is_given"
TABLE = "tests/cli/test_ablate.py::test_a_refused_table_is_read_after_each_edit_that_the_message_names"
OFFICIAL = (
    "tests/laws/test_params.py::test_official_sources_of_another_layout_are_corrected_or_get_another_kind"
)
EXECUTED: dict[str, dict[str, str]] = {
    "cli.ablation_report": {
        "set `vlm_votes.early_stop: false` before you compare them": "tests/cli/test_ablate.py::"
        "test_the_report_warns_of_mixtures_by_judge_where_not_every_judge_was_asked"
    },
    "artefacts.folders": {
        "name another folder": f"{OUTS}test_an_export_into_a_folder_that_cannot_be_made_is_refused_and_another_is_taken"
    },
    "cli.outs": {
        "name another place": f"{OUTS}test_an_out_itself_and_the_folder_of_partitions_are_refused_and_another_place_is_taken"
    },
    "cli.proxy_table": {"correct": TABLE, "remove the line": TABLE, "give another folder with --out": TABLE},
    "cli.ablate": {
        "lower data_ablation.patch in params.yaml": (
            "tests/cli/test_ablate.py::test_a_patch_that_is_larger_than_pictures_is_told_before_any_training"
        ),
    },
    "cli.advice": {
        "run from the root of the project": (
            "tests/cli/test_advice.py::test_outside_of_a_project_a_missing_file_sends_to_its_root"
        )
    },
    "stages.names": {"add one": "tests/stages/test_names.py::test_a_rewriter_that_is_none_is_refused"},
    "cli.dataset_add": {
        "give a name of letters": QUESTION,
        "give another name with --name": f"{ADDING}test_a_root_of_that_name_is_not_overwritten",
        "give it": QUESTION,
        "give the command with the folder": f"{ADDING}test_a_dataset_that_params_name_without_a_folder_gets_its_folder",
        "give the command without --rain-type": f"{ADDING}test_photos_go_to_the_real_rain_database",
        "give the folder that holds the pictures": FOLDER,
    },
    "cli.datasets": {
        "`unirain datasets add /folder/of/the/dataset --rain-type drs`": FOLDER,
        "name the folder": FOLDER,
    },
    "config.edit": {
        "add the line `{}` to it yourself": f"{ADDING}test_a_dataset_is_added_by_hand_to_params_in_braces"
    },
    "sources.recognition": {
        "give the clean one": f"{ADDING}test_pictures_of_two_halves_are_asked_which_half_is_clean",
        "give partners one name": (
            f"{ADDING}test_clean_pictures_whose_names_fit_no_rainy_one_are_not_taken_for_rainy_photos"
        ),
        "give the entry with --layout": f"{ADDING}test_a_known_dataset_is_recognised_and_added_by_its_name",
        "give the folder that holds the pictures": FOLDER,
    },
    "artefacts.dvc_files": {
        "`dvc repro`": MERGE,
        "run `git checkout --ours dvc.lock`": MERGE,
        "run `unirain prepare`": HEAL,
        "wait for it to end": "tests/artefacts/test_dvc_files.py::test_a_torn_rwlock_stays_while_a_dvc_lives_in_the_project",
    },
    "artefacts.meanings": {
        "rename it": f"{END}test_a_file_whose_name_is_no_text_is_listed_once_it_is_renamed"
    },
    "artefacts.remote": {
        "correct {}": "tests/engine/test_shared_place.py::test_a_scheme_that_nobody_knows_is_a_fault_of_the_variable"
    },
    "artefacts.report": {"run `dvc repro --force {}`": DVC},
    "artefacts.roots": {
        "add the line `{}: /folder/of/the/dataset` to {} in the project's root": EDIT,
        "correct the line": EDIT,
    },
    "artefacts.tables": {"run `dvc repro --force {}`": DVC},
    "artefacts.triplets": {"run `dvc repro --force {}`": DVC},
    "cli.derain": {
        "name a folder": DERAIN,
        "name a picture": DERAIN,
        "name another output folder": DERAIN,
        "name another with --checkpoint": CHECKPOINT,
        "name it {}": DERAIN,
        "name readable ones": CHECKPOINT,
        "rename {}": "tests/cli/test_remedies.py::test_a_picture_is_derained_once_it_is_renamed",
    },
    "cli.gc": {
        "remove its lists": "tests/cli/test_gc.py::test_the_lists_of_a_machine_that_is_gone_are_named_and_its_work_goes_when_they_are_removed",
        "run `dvc repro` to the end": f"{WHOLE}test_gc_removes_more_once_what_was_interrupted_has_come_to_its_end",
    },
    "cli.judges": {
        "name one under sample_corpora in params.yaml": f"{WHOLE}test_judge_figures_go_on_once_a_corpus_is_named_and_rendered",
        "run `dvc repro sample_corpus`": DVC,
    },
    "cli.missing": {
        "add the line `{}: /folder/of/the/dataset` to {} in the project's root": "tests/cli/test_missing.py::test_what_is_supplied_leaves_the_list",
        "set the environment variable {} to {}": "tests/cli/test_missing.py::test_a_judge_behind_an_endpoint_needs_its_address_and_its_key",
    },
    "cli.main": {"run the same command again": FULL},
    "cli.prepare": {
        "run `git init` first": f"{END}test_a_project_outside_of_git_is_prepared_after_git_init",
        "run from the root of the project": COMMAND,
    },
    "cli.review": {
        "add a dataset with pairs to params.yaml": "tests/cli/test_review.py::test_a_project_without_a_pair_is_told_to_add_some",
        "give another name": "tests/cli/test_review.py::test_a_person_whose_name_no_line_can_hold_gives_another",
    },
    "cli.export": {
        "correct the name": "tests/cli/test_export.py::test_an_unknown_split_is_answered_with_those_that_there_are",
        "name another split": "tests/cli/test_export.py::test_a_split_without_a_pair_is_refused_and_another_is_taken",
    },
    "cli.run": {
        "run `unirain run {} --partition NAME`": f"{WHOLE}test_a_stage_of_partitions_runs_for_one_that_the_message_names",
        "run `unirain run {}`": COMMAND,
    },
    "cli.sample_corpus": {
        "give another name": f"{OUTS}test_a_folder_in_the_place_of_a_sheet_is_refused_and_another_name_is_taken",
        "give a name that ends in .png": CORPUS,
        "name a folder": CORPUS,
        "name a new folder to render into": CORPUS,
    },
    "cli.servers": {
        "name another first port": "tests/cli/test_remedies.py::test_another_first_port_is_taken_where_all_are_in_use"
    },
    "cli.summary": {
        "run `dvc repro --force --single-item {}`": f"{WHOLE}test_what_dvc_lock_does_not_know_comes_back_by_the_command_that_is_named"
    },
    "cli.ui": {"run from the root of the project": COMMAND},
    "cli.locked": {
        "Run `dvc repro --force --single-item {}`": f"{WHOLE}test_what_dvc_lock_does_not_know_comes_back_by_the_command_that_is_named"
    },
    "cli.verify": {
        "run `dvc repro --force --single-item {}`": "tests/cli/test_verify.py::test_a_flipped_out_is_named_and_its_remedy_heals_it"
    },
    "cli.witness": {
        "put `PYTHONPATH=.` before the same command": f"{END}test_a_copy_of_the_project_is_run_by_its_own_code_with_the_path_that_is_named",
        "run the same command again": f"{END}test_a_stage_whose_params_were_edited_goes_on_when_the_command_is_given_again",
    },
    "config.load": {"run from the root of the project": COMMAND, "save it in the encoding UTF-8": EDIT},
    "config.lock": {"run `unirain prepare`": HEAL},
    "config.omitted": {
        "Add under {}": "tests/laws/test_params.py::test_the_lines_that_the_error_gives_mend_a_file_that_omits_keys"
    },
    "config.params": {
        "choose another kind": OFFICIAL,
        "correct the sources": OFFICIAL,
        "add one": EDIT,
        "choose another": EDIT,
        "correct the name": EDIT,
        "lower min_side": EDIT,
        "remove it": EDIT,
        "rename one of each two": EDIT,
    },
    "config.pipeline": {
        "add it to {}": "tests/assets/test_dvc_index.py::test_a_key_that_params_lack_is_refused_as_dvc_refuses_it"
    },
    "config.sections": {
        "remove one of them": "tests/sources/test_admission.py::test_a_test_part_beside_a_role_is_refused_until_one_of_them_is_removed",
        "rename the key in params.yaml": EDIT,
    },
    "distill.encoders.open_clip": {
        "name the file itself": f"{ENCODERS}test_a_file_of_weights_under_another_name_is_named_itself"
    },
    "distill.judges.answers": {
        "add a word that is": f"{JUDGES}test_an_answer_word_that_is_one_token_is_taken"
    },
    "distill.judges.any_vlm": {"lower keep_structural": SHORTER, "raise max_context": SHORTER},
    "distill.judges.http": {
        "correct the address": STARTED,
        "let it give them": f"{JUDGES}test_a_server_that_gives_logprobs_after_all_is_taken",
        "run the same command": AGAIN,
        "set logprobs": f"{HTTP}test_where_params_allow_it_a_plain_no_counts_and_says_so",
        "start it": STARTED,
        "start it again": AGAIN,
    },
    "distill.judges.internvl": {
        "lower query_tiles": f"{JUDGES}test_a_question_that_is_too_long_for_internvl_fits_with_fewer_tiles"
    },
    "distill.judges.labels": {
        "give it a template that keeps pictures where they stand": (
            f"{JUDGES}test_a_template_that_keeps_pictures_where_they_stand_is_taken"
        )
    },
    "distill.judges.llava": {
        "lower keep_structural": f"{JUDGES}test_a_question_that_is_too_long_for_llava_fits_with_fewer_references"
    },
    "distill.judges.mobilevlm": {"use several": ONE_BY_ONE},
    "distill.judges.mobilevlm_questions": {"use interleave": ONE_BY_ONE},
    "distill.judges.pieces": {
        "add a tokenizer.json": "tests/distill/judges/test_pieces.py::test_a_tokenizer_json_is_read_in_place_of_such_a_token"
    },
    "distill.judges.server": {
        "correct its section in params.yaml": f"{JUDGES}test_a_server_that_refuses_a_section_takes_it_when_it_is_corrected",
        "set prompt_check": f"{HTTP}test_a_server_that_does_not_show_its_prompt_needs_a_word_in_params",
        "set it to the key alone": f"{HTTP}test_a_key_that_no_header_can_hold_is_refused_without_being_shown",
    },
    "distill.weights": {
        "set {} to the folder above them": (
            "tests/distill/test_weights.py::test_a_path_that_params_name_is_not_to_be_downloaded"
        ),
        "put them into the folder that {} names": (
            f"{ENCODERS}test_weights_are_found_once_they_lie_in_the_folder_that_the_variable_names"
        ),
    },
    "distill.judged": {"run `dvc repro vlm_votes`": DVC},
    "distill.ballots": {"run `dvc repro --force retrieved_references`": DVC},
    "distill.export.place": {
        "name a new folder to export into": "tests/distill/export/test_export.py::test_a_folder_that_is_not_empty_is_refused_and_a_new_one_is_taken",
        "wait for it to end": "tests/distill/export/test_export.py::test_two_exports_into_one_folder_do_not_mix",
    },
    "distill.labels": {
        "name a file": "tests/cli/test_review.py::"
        "test_a_folder_in_the_place_of_the_labels_is_refused_and_the_file_that_is_named_is_taken",
        "correct the line": "tests/distill/test_labels.py::test_the_corrected_line_of_the_message_is_read_with_the_others",
        "put a line break after it if it is whole": "tests/distill/test_labels.py::test_a_line_break_after_a_whole_last_line_makes_it_count",
    },
    "distill.stores.edge": {
        "let it end first": "tests/distill/stores/test_store.py::test_a_second_process_waits_for_the_first_and_then_says_what_holds_it"
    },
    "distill.stores.server": {
        "set vector_store.engine to 'edge'": f"{STAGES}test_a_store_on_this_machine_takes_the_place_of_a_server_that_does_not_answer"
    },
    "engine.edits": {
        "run the same command again": "tests/engine/test_edits.py::test_code_from_before_the_start_is_accepted_and_the_start_is_handed_on"
    },
    "engine.life": {"stop it": BUSY, "wait for it": BUSY},
    "engine.finished": {
        "set UNIRAIN_STORE on every machine": SHARED,
        "let UNIRAIN_HOME lie on a disk that all of them share": SHARED,
    },
    "engine.local": {"run the same command again": KILLS},
    "engine.make": {
        "unset it": "tests/engine/test_make.py::test_an_unknown_engine_is_named_and_unset_the_variable_does_no_harm"
    },
    "engine.ray": {
        "correct the address": CLUSTER,
        "unset {} for a cluster of this machine alone": CLUSTER,
    },
    "engine.shards": {
        "run the same command again": "tests/engine/test_shards.py::test_a_shard_that_is_damaged_while_a_stage_reads_it_is_done_again_by_the_same_command"
    },
    "engine.store": {
        "correct {}": "tests/engine/test_shared_place.py::test_a_bucket_that_does_not_exist_is_named_and_the_remedies_help",
        "give credentials in the environment": "tests/engine/test_shared_place.py::test_without_credentials_the_message_says_what_to_set_and_then_it_works",
    },
    "errors": {"run `dvc repro {}`": DVC},
    "evaluation.lpips": {
        "run the same command again": f"{STAGES}test_weights_that_were_replaced_are_used_when_the_command_is_given_again",
        "remove it to go on without LPIPS": f"{STAGES}test_scoring_goes_on_without_the_distance_once_the_wrong_weights_are_removed",
    },
    "evaluation.methods": {"run the same command again": REPLACED},
    "imaging.codec": {
        "let whatever writes it end": DVC,
        "run `chmod +r` on it": f"{STAGES}test_a_file_that_nobody_may_read_is_read_after_chmod",
        "run `dvc repro`": DVC,
    },
    "imaging.depth": {
        "save it with 8": f"{END}test_a_picture_of_32_bits_on_no_scale_is_read_once_it_is_saved_with_8"
    },
    "model.checkpoint": {
        "name another checkpoint": CHECKPOINT,
        "run `dvc repro --force --single-item {}@{}`": DVC,
    },
    "sources.admission": {
        "name one of {}": EDIT,
        "remove `role: real`": EDIT,
        "remove `role: {}`": "tests/sources/test_admission.py::test_photos_cannot_be_for_training_or_testing_and_are_photos_once_the_role_is_removed",
        "set role to train": f"{STAGES}test_a_dataset_whose_split_is_unknown_is_admitted_with_its_role",
    },
    "sources.datasets": {
        "correct `folder` in params.yaml": EDIT,
        "correct layout": EDIT,
        "give credentials in the environment": "tests/stages/test_roots_at_urls.py::test_without_credentials_the_message_says_what_to_set_and_then_it_works",
        "name that folder in {} by a line of its own": EDIT,
        "use that name as `root`": EDIT,
    },
    "sources.listing": {
        "rename it": f"{END}test_a_partner_whose_name_differs_in_case_is_found_once_it_is_renamed"
    },
    "standins.rain.plan": {
        "lower pairs_per_type": f"{STAGES}test_a_corpus_of_too_many_pictures_of_one_photo_is_planned_with_fewer_pairs"
    },
    "stages.benchmark_tables": {
        "run `dvc repro baseline_scores benchmark_scores`": f"{WHOLE}test_methods_that_were_scored_on_other_pictures_are_compared_once_the_command_has_run"
    },
    "stages.choices": {
        "correct the name": "tests/end_to_end/test_further_judge.py::"
        "test_a_misspelt_judge_is_answered_with_the_nearest_and_its_name_mends"
    },
    "stages.forecast": {
        "give UNIRAIN_WORKERS=1 in the environment": "tests/stages/test_forecast.py::test_where_there_is_no_gpu_each_process_loads_a_model_and_one_process_is_advised"
    },
    "stages.rainrag_split": {
        "add data": SPLIT,
        "take '{}' out of rain_types": SPLIT,
    },
    "stages.coverage": {"run `pip install umap-learn`": UMAP, "set coverage.umap to false": UMAP_OFF},
    "stages.training_split": {"name more sources": KINDS, "take {} out of rain_types": KINDS},
    "stages.named_benchmarks": {
        "correct its sources": NAMED,
        "set `role: benchmark` for the dataset": NAMED,
    },
    "sources.scenes": {"take out repeats within repeats": EDIT},
    "sources.supply": {
        "add a dataset": TYPES,
        "correct its spelling": TYPES,
        "take it out of rain_types": TYPES,
    },
    "stages.encoders": {"add one": f"{ENCODERS}test_a_rewriter_that_is_missing_is_added"},
    "stages.raw_datasets": {"name a dataset": EDIT},
    "stages.real_rain_database": {
        "add a dataset of unlabelled rainy photos to raw_datasets.datasets": EDIT,
        "name its folder in roots.local.yaml": EDIT,
    },
    "stages.retrieved_references": {"run `dvc repro --force real_rain_database query_triplets`": DVC},
    "stages.sample_corpus": {
        "run the same command again": f"{STAGES}test_a_photo_that_was_replaced_is_rendered_when_the_command_is_given_again"
    },
    "stages.trained_checkpoint": {
        "add a dataset that has some to raw_datasets.datasets": TRAINING,
        "take the type out of rain_types": TRAINING,
    },
    "stages.verified_pairs": {
        "add a dataset to raw_datasets.datasets": EDIT,
        "run `dvc repro --force raw_datasets`": DVC,
        "take {} out of rain_types in params.yaml": EDIT,
    },
    "stages.vote_questions": {
        "name judges of judge_models": "tests/stages/test_alone_votes.py::test_a_stand_in_cannot_be_asked_without_references_and_a_model_can"
    },
    "stages.vlm_votes": {
        "add photos": PHOTOS,
        "remove accept_share": ABSTENTION,
    },
    "tracking.checkpoints": {
        "run `dvc checkout {}`": CHAMPION,
        "send finished ones with `unirain track`": CHAMPION,
        "train again with `dvc repro`": CHAMPION,
    },
    "tracking.mirror": {"send it with `unirain track`": OUTAGE},
    "tracking.own_store": {
        "run `unirain track`": f"{WHOLE}test_a_damaged_store_of_mlflow_is_filled_again_by_track"
    },
    "tracking.settle": {
        "run `unirain track` again": OUTAGE,
        "send them with `unirain track`": OUTAGE,
        "unset MLFLOW_TRACKING_URI to use the project's own file": OUTAGE,
    },
    "training.strategies": {
        "lower training.learning_rate": f"{STAGES}test_a_training_goes_on_with_a_lower_rate"
    },
    "unirain_assets.checks": {"add a dataset": SPLIT, "take the type out of rain_types": SPLIT},
}
"""Module, remedy, the test that carries it out."""

DOWNLOAD, SERVER, TIME, HARDWARE, PERSON, PICTURE = (
    "needs a download",
    "needs a server",
    "is the whole demonstration, which continuous integration runs",
    "needs more devices than one",
    "needs another person",
    "needs photos that pass verification and cannot be encoded, of which none is known",
)
UNEXECUTED: dict[str, dict[str, str]] = {
    "artefacts.remote": {"run `pip install 'unirain[s3]'` where it is s3://": DOWNLOAD},
    "artefacts.meanings": {"run `git lfs pull`": DOWNLOAD},
    "cli.dataset_check": {"run `git lfs pull`": DOWNLOAD},
    "cli.derain": {"train one with `make demo`": TIME},
    "cli.extras": {"run `pip install 'unirain[{}]'`": DOWNLOAD},
    "distill.stores.server": {
        "set UNIRAIN_QDRANT_URL": SERVER,
        "start it again with `docker compose up -d qdrant`": SERVER,
        "start one with `docker compose up -d qdrant`": SERVER,
    },
    "distill.weights": {"run `hf download {} --revision {}`": DOWNLOAD, "run `hf download {}`": DOWNLOAD},
    "evaluation.lpips": {
        "pip install 'unirain[lpips]'": DOWNLOAD,
        "supply the file that torchvision publishes": DOWNLOAD,
    },
    "evaluation.metrics": {
        "`dvc repro --force --single-item baseline_scores benchmark_scores`": DOWNLOAD,
        "`dvc repro`": DOWNLOAD,
        "`pip install 'unirain[lpips]'`": DOWNLOAD,
        "supply torchvision's `alexnet-owt-7be5be79.pth` in the folder `hub/checkpoints` of `$TORCH_HOME`": DOWNLOAD,
    },
    "imaging.codec": {"run `git lfs pull` where the dataset lies": DOWNLOAD},
    "model.checkpoint": {"get the folder again from whoever made it": PERSON},
    "standins.rain.photos": {"run `pip install 'unirain[sample]'`": DOWNLOAD},
    "stages.real_rain_database": {"add other photos to raw_datasets.datasets": PICTURE},
    "tracking.checkpoints": {"`dvc pull {}`": DOWNLOAD},
    "tracking.settle": {"start its server": SERVER},
    "training.loop": {"choose a multiple": HARDWARE},
}
"""The closed list: what no test of this project can carry out, and why."""

NO_REMEDY = {
    ("distill.encoders.rewriter", "add nothing"),  # words to a language model
    ("cli.commands", "Remove rain from photos of any size"),  # the help of a command, like the next four
    ("cli.commands", "Run one stage of the pipeline"),
    ("cli.commands", "Send every training's journal to MLflow as far as it has not seen it"),
    ("cli.commands", "Train small proxies on mixtures of the pool"),
    ("cli.commands", "put small pieces together"),
    ("cli.main", "train one network for four rain types"),  # the help of the whole command
    ("tracking.registry", "name = '{}'"),  # a filter of MLflow's
}
"""Texts that read like one."""


def listed(table) -> Iterator[tuple[str, str]]:
    return ((module, remedy) for module, remedies in table.items() for remedy in remedies)


def collected() -> set[tuple[str, str]]:
    return set(listed(all_remedies()))


def test_every_remedy_is_carried_out_by_a_test_or_stands_in_the_closed_list():
    forgotten = collected() - set(listed(EXECUTED)) - set(listed(UNEXECUTED)) - NO_REMEDY

    assert sorted(forgotten) == [], __doc__


def test_every_remedy_of_the_lists_is_named_by_a_message():
    gone = {*listed(EXECUTED), *listed(UNEXECUTED), *NO_REMEDY} - collected()

    assert sorted(gone) == []


def test_the_closed_list_and_the_tests_share_nothing():
    assert set(listed(EXECUTED)) & set(listed(UNEXECUTED)) == set()


@pytest.mark.parametrize("test", sorted({test for tests in EXECUTED.values() for test in tests.values()}))
def test_the_test_that_is_named_exists(test):
    file, _, name = test.partition("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))

    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
