-- A small site stores a few rows every few seconds. The defaults, made for parts of megabytes, then write a whole day anew
-- every few inserts: thousands of rows merged for each that came. So small parts are merged twenty at a time, a large part
-- takes no part in that, and a partition that has come to rest is merged into one after an hour.

ALTER TABLE checks MODIFY SETTING
    min_parts_to_merge_at_once = 20, merge_selector_base = 30, merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0,
    min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1, merge_tree_clear_old_parts_interval_seconds = 30
----
ALTER TABLE check_10s MODIFY SETTING
    min_parts_to_merge_at_once = 20, merge_selector_base = 30, merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0,
    min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1, merge_tree_clear_old_parts_interval_seconds = 30
----
ALTER TABLE check_1m MODIFY SETTING
    min_parts_to_merge_at_once = 20, merge_selector_base = 30, merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0,
    min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1, merge_tree_clear_old_parts_interval_seconds = 30
----
ALTER TABLE check_1h MODIFY SETTING
    min_parts_to_merge_at_once = 20, merge_selector_base = 30, merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0,
    min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1, merge_tree_clear_old_parts_interval_seconds = 30
----
ALTER TABLE logs MODIFY SETTING
    min_parts_to_merge_at_once = 20, merge_selector_base = 30, merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0,
    min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1, merge_tree_clear_old_parts_interval_seconds = 30
----
ALTER TABLE request_10s MODIFY SETTING
    min_parts_to_merge_at_once = 20, merge_selector_base = 30, merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0,
    min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1, merge_tree_clear_old_parts_interval_seconds = 30
----
ALTER TABLE request_1m MODIFY SETTING
    min_parts_to_merge_at_once = 20, merge_selector_base = 30, merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0,
    min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1, merge_tree_clear_old_parts_interval_seconds = 30
----
ALTER TABLE request_1h MODIFY SETTING
    min_parts_to_merge_at_once = 20, merge_selector_base = 30, merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0,
    min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1, merge_tree_clear_old_parts_interval_seconds = 30
----
ALTER TABLE login_10s MODIFY SETTING
    min_parts_to_merge_at_once = 20, merge_selector_base = 30, merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0,
    min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1, merge_tree_clear_old_parts_interval_seconds = 30
----
ALTER TABLE login_1m MODIFY SETTING
    min_parts_to_merge_at_once = 20, merge_selector_base = 30, merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0,
    min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1, merge_tree_clear_old_parts_interval_seconds = 30
----
ALTER TABLE login_1h MODIFY SETTING
    min_parts_to_merge_at_once = 20, merge_selector_base = 30, merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0,
    min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1, merge_tree_clear_old_parts_interval_seconds = 30
----
ALTER TABLE samples MODIFY SETTING
    min_parts_to_merge_at_once = 20, merge_selector_base = 30, merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0,
    min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1, merge_tree_clear_old_parts_interval_seconds = 30
